"""What a person reads at the end: the checklist, what else needs mending, and how to use what now runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from payaidctl.finding import Finding, Report, Status
from payaidctl.target import STACK_ENV, Target, state_dir
from payaidctl.tell.text import COLOURS, VERDICT_COLOURS
from payaidctl.tell.words import MARKS, VERDICT_WORDS, by_urgency, clean, duration

URGENT = (Status.FAIL, Status.INCONCLUSIVE, Status.WARN)


def show(report: Report, page: Path, target: Target | None) -> None:
    """Print it on stdout: a table on a terminal, plain lines elsewhere."""
    from rich.text import Text

    from payaidctl.terminal import answers

    console = answers()
    items = [finding for finding in report.findings if finding.id.startswith("checklist.")]
    if items and console.is_terminal:
        console.print(_table(items))
    else:
        for finding in items:
            console.file.write("\n".join(_plain(finding)) + "\n")
    others = [one for one in by_urgency(report.findings) if one.status in URGENT and not _told_above(one, items)]
    for finding in others:
        console.print(Text("\n".join(_plain(finding)), style=COLOURS[finding.status]), soft_wrap=True)
    console.print()
    verdict = VERDICT_WORDS[report.verdict]
    console.print(Text(verdict, style=VERDICT_COLOURS[report.verdict]), Text(_summary(report)), soft_wrap=True)
    for line in _ways_on(page, target):
        console.print(Text(line), soft_wrap=True)


def _told_above(finding: Finding, items: list[Finding]) -> bool:
    return finding in items or bool(finding.evidence.get("item"))


def _summary(report: Report) -> str:
    score: dict[str, Any] = report.facts.get("score", {})
    parts = [f"profile {report.facts['profile']}"]
    if score:
        parts.append(f"score {score['points']} of 100, coverage {score['coverage']} %")
        if score["blockers"]:
            parts.append(f"{len(score['blockers'])} blockers failed: {', '.join(score['blockers'])}")
        if score["waived"]:
            parts.append(f"{score['waived']} waived")
    parts.append(duration(report.duration_ms))
    return " · ".join(parts)


def _ways_on(page: Path, target: Target | None) -> Iterator[str]:
    yield ""
    yield f"report    {_near(page)}"
    if target is None or not target.embedded:
        return
    url = target.get("API_URL")
    yield f"API       {url}   docs {url}/docs   metrics {url}/metrics"
    if target.get("OPS_TOKEN"):
        yield f"live      {url}/ops   any user, password: OPS_TOKEN in {_near(state_dir() / STACK_ENV)}"
    from payaidctl.seed import DEMO_EMAIL, PASSWORD

    yield f"login     {DEMO_EMAIL} / {PASSWORD}"
    yield f"try       curl -s {url}/api/v1/auth/login -H 'content-type: application/json' \\"
    yield f'            -d \'{{"email":"{DEMO_EMAIL}","password":"{PASSWORD}"}}\''
    yield "stop      payaidctl down"


def _near(page: Path) -> str:
    relative = os.path.relpath(page)
    return str(page) if relative.startswith("..") else relative


def _table(items: list[Finding]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False, padding=(0, 1))
    table.add_column("", no_wrap=True)
    table.add_column("item", ratio=3, min_width=22)
    table.add_column("observed", ratio=5)
    table.add_column("expected", ratio=4)
    advised = any(finding.advice for finding in items)
    if advised:
        table.add_column("what to do next", ratio=4)
    for finding in items:
        mark = Text(f"{MARKS[finding.status]} {finding.status.value}", style=COLOURS[finding.status])
        title = f"{int(finding.id.rsplit('.', 1)[1])}. {finding.title}"
        told = (title, finding.observed, finding.expected, *((finding.advice,) if advised else ()))
        table.add_row(mark, *(Text(clean(text)) for text in told))
    return table


def _plain(finding: Finding) -> list[str]:
    lines = [f"{MARKS[finding.status]} {finding.status.value:<12} {finding.id}  {clean(finding.title)}"]
    told = (("observed", finding.observed), ("expected", finding.expected), ("next", finding.advice))
    return lines + [f"    {name:<9} {clean(text)}" for name, text in told if text]
