"""The newest load test of enough users on this very system, from evidence: nothing is run for it."""

from datetime import timedelta
from typing import Any

from payaidctl.errors import Unreachable
from payaidctl.evidence import Evidence, newest
from payaidctl.probes import NotNamed
from payaidctl.target import Target

NAMED_BY = ()
WRITES = ""
USERS = {"ci": 1_000, "roadmap": 10_000, "optimised": 10_000}
COMMAND = "loadtest"
# With the generator starved, or users lost, a latency says nothing of the server; errors that it sent still do.
MEASURED_BY_CLOCK = ("p50", "p90", "p95", "p99", "p95-raw", "p95-cached", "p95-uncached", "throughput")
ERRORS_ALLOWED = 0.1
SOUNDNESS = frozenset(
    f"loadtest.{name}"
    for name in ("users", "workers", "generator-cpu", "generator-delay", "server-restarts", "scenario", "aborted")
)


async def look(
    target: Target, timeout_s: float, profile: str = "roadmap", max_age_s: float = 86_400.0
) -> dict[str, Any]:
    """The run's own facts, its verdict (None where it refused one), what it put `in_doubt`, and how old it is.

    Raises:
        NotNamed: there is no such run, and no API that one could be about.
        Unreachable: there is no such run; nothing is known then.
    """
    users = USERS[profile]
    found = newest(COMMAND, target, timedelta(seconds=max_age_s), lambda run: users_of(run) >= users)
    if found is None and not target.get("API_URL"):
        raise NotNamed(f"API_URL is not set in {target.origin}, and no load test of it is on file")
    if found is None:
        raise Unreachable(
            f"no load test of {users:,} users on this system in the last {max_age_s / 3600:g} h",
            f"payaidctl loadtest {users // 1000}k",
        )
    return judgeable(found) | {"users_wanted": users}


def judgeable(run: Evidence) -> dict[str, Any]:
    """What may be judged of a run. Pure."""
    doubtful = {one["id"] for one in run.findings if one["status"] == "inconclusive"}
    # What the run itself put in doubt is not told here either.
    metrics = {
        name: None if f"loadtest.{name}" in doubtful else value for name, value in run.facts.get("metrics", {}).items()
    }
    if doubtful & SOUNDNESS:
        metrics |= dict.fromkeys(MEASURED_BY_CLOCK)
        if (metrics.get("errors") or 0.0) < ERRORS_ALLOWED:
            metrics["errors"] = None
    return {
        **run.facts,
        "metrics": metrics,
        "verdict": None if run.verdict == "inconclusive" else run.verdict,
        "in_doubt": [f"{one['id']} {one['observed']}" for one in run.findings if one["id"] in doubtful],
        "failed": [one["id"] for one in run.findings if one["status"] == "fail"],
        "age_h": round(run.age().total_seconds() / 3600, 2),
        "taken_at": run.taken_at.strftime("%d %B %H:%M UTC"),
        "commit": run.commit,
        "origin": f"imported, taken on {run.imported}" if run.imported else "taken here",
        "file": run.path.name,
    }


def users_of(run: Evidence) -> int:
    """How many users the run was for; whether they all came is one of its own findings."""
    value = run.facts.get("usersWanted", run.facts.get("users", 0))
    return int(value) if isinstance(value, int | float) else 0
