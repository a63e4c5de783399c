"""How far a build is: the phases of CREATE INDEX CONCURRENTLY, in order, and a figure for each. Pure."""

from dataclasses import dataclass

# Each phase with the share of the whole that it usually takes: (name's beginning, share in percent). The first
# scan sorts and writes, the second only compares, so the waits between are short unless somebody holds us up.
PHASES = (
    ("initializing", 0),
    ("waiting for writers before build", 1),
    ("building index", 68),
    ("waiting for writers before validation", 1),
    ("index validation: scanning index", 8),
    ("index validation: sorting tuples", 4),
    ("index validation: scanning table", 16),
    ("waiting for old snapshots", 2),
    ("waiting for readers before marking dead", 0),
    ("waiting for readers before dropping", 0),
)


@dataclass(frozen=True, slots=True)
class Build:
    """A row of pg_stat_progress_create_index with its session; None where the role may not see it."""

    pid: int
    database: str
    table_oid: int | None
    index_oid: int | None
    command: str | None
    phase: str | None
    blocks_done: int | None
    blocks_total: int | None
    tuples_done: int | None
    tuples_total: int | None
    lockers_done: int | None
    lockers_total: int | None
    user: str | None
    application: str | None
    age_s: float | None

    @property
    def waiting(self) -> bool:
        """Whether it stands still until other transactions end."""
        return (self.phase or "").startswith("waiting")

    @property
    def percent(self) -> float | None:
        """How much of the whole build is done, about; None where hidden or not known."""
        if self.phase is None:
            return None
        before = 0
        for name, share in PHASES:
            if self.phase.startswith(name):
                return before + share * within(self)
            before += share
        return None

    def __str__(self) -> str:
        done = "" if self.percent is None else f", {self.percent:.0f} %"
        who = f"pid {self.pid}" + (f", {self.user}" if self.user else "")
        application = f" ({self.application})" if self.application else ""
        return f"{self.phase or 'phase hidden from this role'}{done}, by {who}{application}"


def within(build: Build) -> float:
    """How much of the present phase is done, 0 to 1. A build reads blocks first, then sorts and loads tuples."""
    blocks = _share(build.blocks_done, build.blocks_total)
    if (build.phase or "").startswith("building index"):
        tuples = _share(build.tuples_done, build.tuples_total)
        return 0.6 * max(blocks, 1.0 if tuples else 0.0) + 0.4 * tuples
    if build.waiting:
        return _share(build.lockers_done, build.lockers_total)
    return max(blocks, _share(build.tuples_done, build.tuples_total))


def eta_s(percent: float | None, elapsed_s: float) -> float | None:
    """Seconds left at the pace so far; None before there is a pace to speak of."""
    if percent is None or percent < 2 or elapsed_s < 1:
        return None
    return elapsed_s * (100 - percent) / percent


def _share(done: int | None, total: int | None) -> float:
    return min(done / total, 1.0) if done and total else 0.0
