"""The settings in effect, as `check-env` asks the servers: which answers contradict a setting."""

from typing import Any

from payaidctl.environment import effect
from payaidctl.finding import Status
from payaidctl.target import Target

NAMED_BY = ("DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL", "REDIS_CLUSTER_NODES", "API_URL")
WRITES = ""


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """`contradicted` settings, those `unknown`, and how many `hold`."""
    findings = await effect.findings(target, timeout_s)
    told = {status: [one for one in findings if one.status is status] for status in Status}
    return {
        "contradicted": [f"{one.id.removeprefix('effect.')}: {one.observed}" for one in told[Status.FAIL]],
        "unknown": [f"{one.id.removeprefix('effect.')}: {one.observed}" for one in told[Status.INCONCLUSIVE]],
        "hold": len(told[Status.PASS]),
    }
