"""The declared indexes of one set: how many are right, and what is wrong with the others."""

from collections import Counter
from typing import Any

from payaidctl.finding import Status
from payaidctl.target import Target

NAMED_BY = ("DATABASE_DIRECT_URL", "DATABASE_URL")
WRITES = ""


async def look(target: Target, timeout_s: float, index_set: str = "roadmap") -> dict[str, Any]:
    """`declared`, `right`, and the others by what they are: `wrong` (failed), `unproven` (could not be told)."""
    from payaidctl.indexes import verify

    findings = await verify(target.direct_url, index_set=index_set, replicas=target.replica_urls, timeout_s=timeout_s)
    by_status = Counter(finding.status for finding in findings)
    return {
        "set": index_set,
        "declared": len(findings),
        "right": by_status[Status.PASS] + by_status[Status.WARN],
        "wrong": [_told(finding.id, finding.observed) for finding in findings if finding.status is Status.FAIL],
        "unproven": [
            _told(finding.id, finding.observed) for finding in findings if finding.status is Status.INCONCLUSIVE
        ],
    }


def _told(identifier: str, observed: str) -> str:
    return f"{identifier.rsplit('.', 1)[-1]}: {observed}"
