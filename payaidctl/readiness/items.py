"""The eleven items. Pure: each is as good as the worst of the checks that answer for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from payaidctl.finding import Finding, Status
from payaidctl.readiness.catalogue import Item

WORST = (Status.FAIL, Status.INCONCLUSIVE, Status.WARN, Status.WAIVED, Status.PASS)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist as it stands."""

    number: int
    title: str
    status: Status
    observed: str
    expected: str
    advice: str
    checks: tuple[str, ...]


def lines(checklist: Sequence[Item], findings: Sequence[Finding]) -> list[Line]:
    """One line an item, told by its worst checks."""
    return [_line(item, [one for one in findings if one.evidence.get("item") == item.number]) for item in checklist]


def _line(item: Item, findings: Sequence[Finding]) -> Line:
    """A skipped check says nothing; where all are, or one that blocks is, nothing shows that the item is done."""
    asked = [finding for finding in findings if finding.status is not Status.SKIP]
    unseen = [one for one in findings if one.status is Status.SKIP and one.evidence.get("severity") == "blocker"]
    if not asked or (unseen and all(finding.status is not Status.FAIL for finding in asked)):
        reasons = _told(finding.observed for finding in unseen or findings) or "no check looked at it"
        return Line(item.number, item.title, Status.INCONCLUSIVE, reasons, item.done, item.fix, _ids(findings))
    status = min((finding.status for finding in asked), key=WORST.index)
    passed = status is Status.PASS
    telling = [finding for finding in asked if finding.status is status]
    if passed:  # the heaviest check says enough
        telling = sorted(telling, key=lambda finding: -int(finding.evidence.get("weight", 1)))[:1]
    return Line(
        number=item.number,
        title=item.title,
        status=status,
        observed=_told(finding.observed for finding in telling),
        expected=item.done if passed else _told(finding.expected for finding in telling),
        advice="" if passed else _told(finding.advice for finding in telling),
        checks=_ids(findings),
    )


def as_finding(line: Line) -> Finding:
    """The line as a finding, so that every output shows the checklist, and an item not done is no pass."""
    evidence = {"item": line.number, "checks": list(line.checks)}
    identifier = f"checklist.{line.number:02}"
    return Finding(identifier, line.status, line.title, line.observed, line.expected, evidence, line.advice)


def _told(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _ids(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.id for finding in findings)
