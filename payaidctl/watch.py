"""A live view of `ping`, redrawn in place until Ctrl-C."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from payaidctl.finding import ExitStatus, Report
from payaidctl.ping import ping
from payaidctl.target import Target
from payaidctl.tell.text import COLOURS, VERDICT_COLOURS
from payaidctl.tell.words import MARKS, VERDICT_WORDS, clean, tally

if TYPE_CHECKING:
    from rich.table import Table

EVERY_S = 2.0


async def watch_ping(target: Target, parts: Sequence[str], timeout_s: float) -> ExitStatus:
    """Ask again and again; Ctrl-C ends it with the status of the last answer."""
    from rich.live import Live

    from payaidctl.terminal import answers

    report = await ping(target, parts, timeout_s)
    try:
        with Live(view(report), console=answers(), auto_refresh=False, screen=answers().is_terminal) as live:
            while True:
                live.update(view(report), refresh=True)
                await asyncio.sleep(EVERY_S)
                report = await ping(target, parts, timeout_s)
    except asyncio.CancelledError:
        return report.exit_status


def view(report: Report) -> "Table":
    """One row a finding."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    heading = Text(f"{VERDICT_WORDS[report.verdict]} ", style=VERDICT_COLOURS[report.verdict])
    heading.append(f"{tally(report)} · {report.target} · {datetime.now(UTC):%H:%M:%S} UTC", style="dim")
    table = Table(title=heading, title_justify="left", box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for finding in report.findings:
        mark = Text(MARKS[finding.status], style=COLOURS[finding.status])
        table.add_row(mark, Text(finding.id), Text(clean(finding.observed)))
    return table
