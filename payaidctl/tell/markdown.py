"""Markdown for a pull request: the verdict, what needs a person in full, the rest folded away."""

import re

from payaidctl.finding import Finding, Report, Status
from payaidctl.tell.words import MARKS, VERDICT_WORDS, by_urgency, clean, tally

NEEDS_A_PERSON = (Status.FAIL, Status.INCONCLUSIVE, Status.WARN)


def render(report: Report) -> str:
    """A heading, a table of all findings with the urgent ones first, and how to mend those."""
    ordered = by_urgency(report.findings)
    urgent = [finding for finding in ordered if finding.status in NEEDS_A_PERSON]
    settled = [finding for finding in ordered if finding.status not in NEEDS_A_PERSON]
    parts = [
        f"## payaidctl {cell(report.command)}: {VERDICT_WORDS[report.verdict]}",
        f"{tally(report)} · {cell(report.target)}",
    ]
    if urgent:
        parts.append(_table(urgent))
    if fixes := [f"- `{finding.id}`: {cell(finding.advice)}" for finding in urgent if finding.advice]:
        parts.append("**What to do next**\n\n" + "\n".join(fixes))
    if settled:
        folded = _table(settled)
        parts.append(f"<details><summary>{len(settled)} settled</summary>\n\n{folded}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def _table(findings: list[Finding]) -> str:
    rows = [
        f"| {MARKS[finding.status]} {finding.status.value} | `{finding.id}` | {cell(finding.title)} "
        f"| {cell(finding.observed)} | {cell(finding.expected)} |"
        for finding in findings
    ]
    return "\n".join(["| | id | question | observed | expected |", "|---|---|---|---|---|", *rows])


def cell(value: str) -> str:
    """Text that stays inside its table cell and starts no markup."""
    text = re.sub(r"([\\`*_\[\]|])", r"\\\1", clean(value))
    return text.replace("<", "&lt;").replace(">", "&gt;")
