"""HTML: one page that needs nothing else, for a browser, a phone or a printer."""

from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Any

from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Report, Status
from payaidctl.tell import words


def write(report: Report, page: Path) -> None:
    """Write the page, making its folder.

    Raises:
        UsageError: the file cannot be written.
    """
    text = render(report)
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{page} cannot be written: {error.strerror}", "name a writable file") from error


def render(report: Report, template: str = "page.html", **more: Any) -> str:
    """The page's text, from templates/report/; a template that extends the page may be given `more` to show."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from payaid.content import content
    from payaidctl.tell import json

    environment = Environment(
        loader=FileSystemLoader(content("templates/report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    environment.filters["json"] = _json
    environment.filters["utc"] = json.utc
    environment.filters["duration"] = words.duration
    return environment.get_template(template).render(
        report=report,
        facts=report.facts,
        areas=areas(report),
        counts=words.counts(report.findings),
        marks=words.MARKS,
        step_marks={status.value: mark for status, mark in words.MARKS.items()},
        waived=[one for one in report.findings if one.status is Status.WAIVED and "owner" in one.evidence],
        trend=trend(report.facts),
        load=figures(report.facts.get("load") or {}),
        verdict_word=words.VERDICT_WORDS[report.verdict],
        **more,
    )


def _code(text: str) -> Any:
    """Advice with what stands in backticks set as code; all of it where nothing does."""
    from markupsafe import Markup, escape

    if "`" not in text:
        return Markup("<code>{}</code>").format(text)
    parts = text.split("`")
    told = (
        escape(part) if number % 2 == 0 else Markup("<code>{}</code>").format(part) for number, part in enumerate(parts)
    )
    return Markup("").join(told)


def _json(value: Any) -> str:
    """Evidence as it is: words stay words, structures become indented JSON."""
    from payaidctl.tell.json import plain

    return value if isinstance(value, str) else dumps(value, indent=1, ensure_ascii=False, default=plain)


def trend(facts: Mapping[str, Any]) -> str:
    """The scores of earlier runs and this one, as the points of a line; empty where there is no score."""
    from payaidctl.readiness.earlier import line

    score = facts.get("score") or {}
    return line(facts.get("earlier") or (), score["points"]) if "points" in score else ""


def areas(report: Report) -> dict[str, list[Finding]]:
    """Findings by area, urgent ones first; without what the page tells above: the checklist and the steps."""
    above = {name for name, fact in (("checklist", "checklist"), ("gate", "steps")) if fact in report.facts}
    found = [finding for finding in report.findings if words.area(finding) not in above]
    return words.by_area(words.by_urgency(found))


def figures(load: dict[str, Any]) -> dict[str, Any]:
    """A load test's facts, laid out for the page; nothing where there was none. Pure."""
    metrics = load.get("metrics") or {}
    if not metrics:
        return {}
    known = [(name, shape.format(metrics[key])) for name, key, shape in SHOWN if metrics.get(key) is not None]
    counted = [row for row in load.get("names", []) if not row.get("apart")]
    slowest = [row for row in counted if row.get("latency", {}).get("p95")][:12]
    longest = max((row["latency"]["p95"] for row in slowest), default=1.0)
    bars = [
        {
            "name": row["name"],
            "width": round(100 * row["latency"]["p95"] / longest, 1),
            "label": f"{row['latency']['p95']:.1f} ms",
        }
        for row in slowest
    ]
    return {
        "users": f"{load.get('usersWanted', 0):,}",
        "when": load.get("taken_at", ""),
        "figures": known,
        "bars": bars,
    }


SHOWN = (
    ("p50", "p50", "{:.1f} ms"),
    ("p95", "p95", "{:.1f} ms"),
    ("p99", "p99", "{:.1f} ms"),
    ("p95 cached", "p95-cached", "{:.1f} ms"),
    ("p95 uncached", "p95-uncached", "{:.1f} ms"),
    ("Errors", "errors", "{:.3f} %"),
    ("Throughput", "throughput", "{:,.0f}/s"),
    ("Hit rate", "hit-rate", "{:.1f} %"),
    ("Reads on primary", "primary-reads", "{:.1f} %"),
)
