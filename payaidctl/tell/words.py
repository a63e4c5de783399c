"""The words that every rendering shares: areas, counts, marks, durations."""

from collections import Counter
from collections.abc import Iterable, Sequence

from payaidctl.finding import Finding, Report, Status, Verdict

MARKS = {
    Status.PASS: "✓",
    Status.FAIL: "✗",
    Status.WARN: "!",
    Status.SKIP: "–",
    Status.INCONCLUSIVE: "?",
    Status.WAIVED: "~",
}
VERDICT_WORDS = {
    Verdict.PASS: "PASS",
    Verdict.FAIL: "FAIL",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE",
}
# What needs a person first comes first wherever findings are listed by urgency.
URGENCY = (Status.FAIL, Status.INCONCLUSIVE, Status.WARN, Status.WAIVED, Status.SKIP, Status.PASS)


def area(finding: Finding) -> str:
    """The part of the id before its first dot or slash: `redis.slots` belongs to `redis`."""
    head = finding.id.replace("/", ".").split(".", 1)
    return head[0] if len(head) > 1 else ""


def by_area(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings grouped by area, both in the order in which they were found."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(area(finding), []).append(finding)
    return groups


def by_urgency(findings: Sequence[Finding]) -> list[Finding]:
    """Failures first, passes last; the order found within each."""
    return sorted(findings, key=lambda finding: URGENCY.index(finding.status))


def counts(findings: Iterable[Finding]) -> dict[Status, int]:
    """How many findings have each status, most urgent first; statuses that nobody has are left out."""
    seen = Counter(finding.status for finding in findings)
    return {status: seen[status] for status in URGENCY if seen[status]}


def clean(text: str) -> str:
    """Text from a server on one line, without characters that would move a terminal's cursor."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def tally(report: Report) -> str:
    """`2 fail, 9 pass in 1.4 s`."""
    found = ", ".join(f"{number} {status.value}" for status, number in counts(report.findings).items())
    return f"{found or 'nothing was looked at'} in {duration(report.duration_ms)}"


def duration(milliseconds: float) -> str:
    """`340 ms`, `1.4 s`, `3 min 05 s`."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
