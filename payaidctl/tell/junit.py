"""JUnit XML, which every CI system reads: a finding is a test case, its area the class."""

import re
from xml.sax.saxutils import escape, quoteattr

from payaidctl.finding import Finding, Report, Status
from payaidctl.tell.json import utc
from payaidctl.tell.words import area

# XML 1.0 has no way to write these, not even escaped.
UNWRITABLE = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SKIPPED = (Status.SKIP, Status.WAIVED)


def render(report: Report) -> str:
    """One suite. Failures are <failure>, "could not look" is <error>, skipped and waived are <skipped>."""
    found = [finding.status for finding in report.findings]
    figures = (
        f'tests="{len(found)}" failures="{found.count(Status.FAIL)}" '
        f'errors="{found.count(Status.INCONCLUSIVE)}" skipped="{sum(map(found.count, SKIPPED))}" '
        f'time="{report.duration_ms / 1000:.3f}"'
    )
    name = _attribute(f"payaidctl {report.command}")
    cases = "".join(_case(report.command, finding) for finding in report.findings)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites name={name} {figures}>\n"
        f"  <testsuite name={name} {figures} timestamp={_attribute(utc(report.started_at))}>\n"
        f"    <properties>\n"
        f'      <property name="target" value={_attribute(report.target)}/>\n'
        f'      <property name="verdict" value={_attribute(report.verdict.value)}/>\n'
        f"    </properties>\n"
        f"{cases}"
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def _case(command: str, finding: Finding) -> str:
    where = f"{command}.{area(finding)}".rstrip(".")
    opening = f"    <testcase classname={_attribute(where)} name={_attribute(finding.id)}"
    body = _outcome(finding)
    return f"{opening}>{body}</testcase>\n" if body else f"{opening}/>\n"


def _outcome(finding: Finding) -> str:
    message = _attribute(finding.observed or finding.title)
    match finding.status:
        case Status.FAIL:
            return f'<failure type="fail" message={message}>{_text(_story(finding))}</failure>'
        case Status.INCONCLUSIVE:
            return f'<error type="inconclusive" message={message}>{_text(_story(finding))}</error>'
        case Status.SKIP | Status.WAIVED:
            return f"<skipped message={message}/>"
        case Status.WARN:
            story = _text(f"warning\n{_story(finding)}")
            return f"<system-out>{story}</system-out>"
        case _:
            return f"<system-out>{_text(finding.observed)}</system-out>" if finding.observed else ""


def _story(finding: Finding) -> str:
    lines = [
        finding.title,
        f"observed: {finding.observed}",
        f"expected: {finding.expected}",
        f"fix: {finding.advice}",
    ]
    return "\n".join(line for line in lines if not line.endswith(": "))


def _attribute(value: str) -> str:
    return quoteattr(UNWRITABLE.sub("�", value), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(value: str) -> str:
    return escape(UNWRITABLE.sub("�", value))
