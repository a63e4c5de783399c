"""The newest load test of enough users on this very system, from evidence: nothing is run for it."""

from datetime import timedelta
from typing import Any

from payaidctl.evidence import Evidence, newest
from payaidctl.target import Target

NAMED_BY = ()
WRITES = ""
USERS = {"ci": 1_000, "roadmap": 10_000, "optimised": 10_000}
COMMAND = "loadtest"


async def look(
    target: Target, timeout_s: float, profile: str = "roadmap", max_age_s: float = 86_400.0
) -> dict[str, Any]:
    """The run's own figures (`facts`), its verdict, its findings' statuses by id, and how old it is."""
    users = USERS[profile]
    found = newest(COMMAND, target, timedelta(seconds=max_age_s), lambda run: users_of(run) >= users)
    if found is None:
        hours = max_age_s / 3600
        return {"found": False, "users_wanted": users, "max_age_h": hours}
    return {
        "found": True,
        "users": users_of(found),
        "users_wanted": users,
        "verdict": found.verdict,
        "conclusive": found.verdict != "inconclusive",
        "age_h": round(found.age().total_seconds() / 3600, 2),
        "commit": found.commit,
        "file": found.path.name,
        "failed": [one["id"] for one in found.findings if one["status"] == "fail"],
        "findings": {one["id"]: one["status"] for one in found.findings},
        **found.facts,
    }


def users_of(run: Evidence) -> int:
    """How many users the run reached."""
    value = run.facts.get("users", 0)
    return int(value) if isinstance(value, int | float) else 0
