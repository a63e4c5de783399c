"""Was the rate limiter right about the tenant that went too far? Judged apart from everybody else. Pure.

Windows are the limiter's own: whole minutes of Redis' clock. A request that was sent in one and answered in the next
may have been charged to either, so it never counts as evidence of too many.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from payaidctl.finding import Finding, Status

WINDOW_S = 60.0
# An instance may hold a lease; all of them together stay under a tenth of the limit.
LEASED = 0.10


@dataclass(frozen=True, slots=True)
class Note:
    """One answer to the noisy tenant, in seconds since 1970. `waited`: it came after the wait it was told."""

    sent: float
    ended: float
    status: int
    told: str
    waited: bool


def read(folder: Path) -> list[Note]:
    """The notes of a run."""
    notes = []
    for path in sorted(folder.glob("limits-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            notes.append(Note(one["sent"], one["ended"], one["status"], one["retryAfter"], one["waited"]))
    return sorted(notes, key=lambda note: note.sent)


@dataclass(frozen=True, slots=True)
class Conduct:
    """What the limiter did: admitted and refused by window, and where it broke its word."""

    limit: int
    admitted: dict[int, int]
    refused: dict[int, int]
    doubtful: int
    silent: int
    broken_promises: int
    kept_promises: int

    @property
    def over(self) -> dict[int, int]:
        """Windows in which more was admitted than the limit, for certain."""
        return {window: count for window, count in self.admitted.items() if count > self.limit}

    @property
    def early(self) -> dict[int, int]:
        """Windows that we saw whole in which it refused although more than the leases' share was left."""
        least = self.limit * (1 - LEASED) - self.doubtful
        return {window: self.admitted.get(window, 0) for window in self.whole if self.admitted.get(window, 0) < least}

    @property
    def whole(self) -> list[int]:
        """Windows with refusals, but the first: it may have begun before we did."""
        return sorted(self.refused)[1:] if self.refused else []


def conduct(notes: list[Note], limit: int, skew: float) -> Conduct:
    """Count what was admitted and refused in each window; `skew` is how far Redis' clock is ahead of ours."""
    admitted: Counter[int] = Counter()
    refused: Counter[int] = Counter()
    doubtful = silent = broken = kept = 0
    for note in notes:
        first, last = int((note.sent + skew) // WINDOW_S), int((note.ended + skew) // WINDOW_S)
        if note.status == 429:
            refused[last] += 1
            silent += not note.told.isdigit()
            broken += note.waited
        elif note.status < 400:
            kept += note.waited
            if first == last:
                admitted[first] += 1
            else:
                doubtful += 1
    return Conduct(limit, dict(admitted), dict(refused), doubtful, silent, broken, kept)


def judge(notes: list[Note], limit: int, skew: float, degraded: float = 0.0) -> list[Finding]:
    """Three findings: never over, Retry-After given and kept, nobody refused early.

    `degraded`: decisions that instances took alone because Redis did not answer; the limiter then fails open, as it
    says, so that too many prove nothing about its arithmetic.
    """
    if not notes:
        return []
    seen = conduct(notes, limit, skew)
    evidence: dict[str, Any] = {"admitted": seen.admitted, "refused": seen.refused, "doubtful": seen.doubtful}
    return [_over(seen, evidence, degraded), _promise(seen), *_early(seen, evidence)]


def _over(seen: Conduct, evidence: dict[str, Any], degraded: float) -> Finding:
    title = "The limiter never lets the noisy tenant over its limit"
    most = max(seen.admitted.values(), default=0)
    expected = f"at most {seen.limit} in any minute"
    if seen.over and degraded:
        status = Status.INCONCLUSIVE
        observed = f"{most} admitted in one minute, but Redis did not answer {degraded:,.0f} decisions"
    elif seen.over:
        status, observed = Status.FAIL, f"{most} admitted in one minute"
    elif not seen.refused:
        status, observed = Status.INCONCLUSIVE, f"it was never refused ({most} in its busiest minute)"
    else:
        status, observed = Status.PASS, f"at most {most} admitted, {sum(seen.refused.values())} refused"
    return Finding("loadtest.limiter.never-over", status, title, observed, expected, evidence)


def _promise(seen: Conduct) -> Finding:
    title = "Retry-After is told, and true"
    expected = "every refusal tells it; whoever waits for so long is admitted"
    if seen.silent or seen.broken_promises:
        observed = f"{seen.silent} refusals without it, {seen.broken_promises} refused again after waiting"
        return Finding("loadtest.limiter.retry-after", Status.FAIL, title, observed, expected)
    if not seen.kept_promises:
        observed = "nobody came back after waiting while we looked"
        return Finding("loadtest.limiter.retry-after", Status.SKIP, title, observed, expected)
    observed = f"{seen.kept_promises} waited and were admitted"
    return Finding("loadtest.limiter.retry-after", Status.PASS, title, observed, expected)


def _early(seen: Conduct, evidence: dict[str, Any]) -> list[Finding]:
    if not seen.whole:
        return []
    title = "The noisy tenant gets what it pays for"
    expected = f"at least {seen.limit * (1 - LEASED):.0f} in a minute that it exhausts"
    least = min(seen.admitted.get(window, 0) for window in seen.whole)
    status = Status.FAIL if seen.early else Status.PASS
    return [Finding("loadtest.limiter.not-early", status, title, f"at least {least} admitted", expected, evidence)]
