"""HTML: one page that needs nothing else, for a browser, a phone or a printer."""

from json import dumps
from pathlib import Path
from typing import Any

from payaidctl.errors import UsageError
from payaidctl.finding import Report


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


def render(report: Report) -> str:
    """The page's text, from templates/report/page.html."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from payaid.content import content
    from payaidctl.tell import json, words

    environment = Environment(
        loader=FileSystemLoader(content("templates/report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = _json
    environment.filters["utc"] = json.utc
    environment.filters["duration"] = words.duration
    return environment.get_template("page.html").render(
        report=report,
        facts=report.facts,
        areas=words.by_area(words.by_urgency(report.findings)),
        counts=words.counts(report.findings),
        marks=words.MARKS,
        verdict_word=words.VERDICT_WORDS[report.verdict],
    )


def _json(value: Any) -> str:
    """Evidence as it is: words stay words, structures become indented JSON."""
    from payaidctl.tell.json import plain

    return value if isinstance(value, str) else dumps(value, indent=1, ensure_ascii=False, default=plain)
