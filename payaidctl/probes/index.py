"""The declared indexes of one set: how many are right, and what is wrong with the others."""

from collections.abc import Sequence
from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.target import Target

NAMED_BY = ("DATABASE_DIRECT_URL", "DATABASE_URL")
WRITES = ""
SHOWN = 3


async def look(target: Target, timeout_s: float, index_set: str = "roadmap") -> dict[str, Any]:
    """`declared`, `right`, and the others by what they are: `wrong` (failed), `unproven` (could not be told)."""
    from payaidctl.indexes import verify
    from payaidctl.indexes.session import service_url

    findings = await verify(
        target.direct_url,
        index_set=index_set,
        replicas=target.replica_urls,
        service_url=service_url(target),
        timeout_s=timeout_s,
    )
    # The others are about servers: one that is not what its URL says, or does not answer.
    declared = [finding.status for finding in findings if "index" in finding.evidence]
    unproven = sum(finding.status is Status.INCONCLUSIVE for finding in findings)
    return {
        "set": index_set,
        "declared": len(declared),
        "right": sum(status in {Status.PASS, Status.WARN} for status in declared),
        "wrong": _told(findings, Status.FAIL),
        "unproven": _told(findings, Status.INCONCLUSIVE),
        # Nothing is known of what could not be proven: that is no "no".
        "proven": None if unproven else True,
    }


def _told(findings: Sequence[Finding], status: Status) -> list[str]:
    """Each in a few words, the first three in full."""
    told = [f"{one.id.rsplit('.', 1)[-1]}: {one.observed}" for one in findings if one.status is status]
    return told if len(told) <= SHOWN else [*told[:SHOWN], f"and {len(told) - SHOWN} more"]
