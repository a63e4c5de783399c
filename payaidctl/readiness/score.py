"""The score. Pure: findings with weights in, points, coverage and blockers out.

Points are the share of weight that passed among what was judged; coverage is the share that was judged among what
should have been. Neither hides a failed blocker, "could not look" is never a pass, and an empty run is not ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from payaidctl.finding import Finding, Status

JUDGED = (Status.PASS, Status.FAIL, Status.WARN)
UNSETTLED = (Status.INCONCLUSIVE,)


@dataclass(frozen=True, slots=True)
class Score:
    """`points` and `coverage` from 0 to 100, and what stands in the way by itself."""

    points: int
    coverage: int
    blockers: tuple[str, ...]
    failed: int
    inconclusive: int
    waived: int
    skipped: int

    @property
    def ready(self) -> bool:
        """Whether nothing failed, nothing is unsettled, and something was looked at."""
        return self.coverage > 0 and not self.failed and not self.inconclusive


def score(findings: Sequence[Finding]) -> Score:
    """Count. A waived finding costs its points and no more; a skipped one is left out of both figures."""
    passed = _weight(findings, (Status.PASS,))
    judged = _weight(findings, (*JUDGED, Status.WAIVED))
    due = judged + _weight(findings, UNSETTLED)
    return Score(
        # Rounded down: 100 means that everything passed.
        points=100 * passed // due if due else 0,
        coverage=100 * judged // due if due else 0,
        blockers=tuple(finding.id for finding in findings if _blocks(finding)),
        failed=_count(findings, Status.FAIL),
        inconclusive=_count(findings, Status.INCONCLUSIVE),
        waived=_count(findings, Status.WAIVED),
        skipped=_count(findings, Status.SKIP),
    )


def _blocks(finding: Finding) -> bool:
    return finding.status is Status.FAIL and finding.evidence.get("severity") == "blocker"


def _count(findings: Sequence[Finding], status: Status) -> int:
    return sum(finding.status is status for finding in findings)


def _weight(findings: Sequence[Finding], statuses: Sequence[Status]) -> int:
    return sum(int(finding.evidence.get("weight", 1)) for finding in findings if finding.status in statuses)
