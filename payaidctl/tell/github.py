"""GitHub Actions: an annotation for what needs a person, and a step summary where the runner offers one."""

import os
from pathlib import Path

from payaidctl.finding import Finding, Report, Status, Verdict
from payaidctl.tell import markdown
from payaidctl.tell.words import VERDICT_WORDS, tally

LEVELS = {Status.FAIL: "error", Status.INCONCLUSIVE: "warning", Status.WARN: "warning"}


def render(report: Report) -> str:
    """Workflow commands, one a line, ending with the verdict; the summary goes to GITHUB_STEP_SUMMARY."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(markdown.render(report))
    lines = [_annotation(LEVELS[finding.status], finding) for finding in report.findings if finding.status in LEVELS]
    level = "notice" if report.verdict is Verdict.PASS else "error"
    title = _property(f"payaidctl {report.command}")
    lines.append(f"::{level} title={title}::{_message(f'{VERDICT_WORDS[report.verdict]}: {tally(report)}')}")
    return "\n".join(lines) + "\n"


def _annotation(level: str, finding: Finding) -> str:
    seen = [
        finding.title,
        f"observed: {finding.observed}" if finding.observed else "",
        f"expected: {finding.expected}" if finding.expected else "",
        f"fix: {finding.advice}" if finding.advice else "",
    ]
    message = _message("\n".join(filter(None, seen)))
    return f"::{level} title={_property(finding.id)}::{message}"


def _message(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _message(value).replace(":", "%3A").replace(",", "%2C")
