"""The gate's list on stderr: redrawn in place on a terminal, one line a step elsewhere."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from payaidctl.finding import Status
from payaidctl.gate.step import Outcome
from payaidctl.tell.text import COLOURS
from payaidctl.tell.words import MARKS, clean, duration

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
WAITING = "·"


@dataclass(slots=True)
class Row:
    """One step as it stands."""

    name: str
    does: str
    since: float | None = None
    took: float = 0.0
    outcome: Outcome | None = None
    saying: str = ""


@dataclass(slots=True)
class Progress:
    """The list. `say` is what the running step has to say meanwhile."""

    console: Console
    rows: dict[str, Row]
    running: Row | None = None

    def begin(self, name: str) -> None:
        """A step starts."""
        self.running = self.rows[name]
        self.running.since = time.monotonic()
        if not self.console.is_terminal:
            self.console.print(Text(f"  {WAITING} {name}: {self.running.does}"), soft_wrap=True)

    def say(self, text: str) -> None:
        """What the running step does now; kept off a log, where times tell enough."""
        if self.running:
            self.running.saying = clean(text)

    def end(self, name: str, outcome: Outcome) -> None:
        """A step ended."""
        row = self.rows[name]
        row.took = time.monotonic() - row.since if row.since else 0.0
        row.outcome = outcome
        self.running = None
        if not self.console.is_terminal:
            self.console.print(_line(row), soft_wrap=True)

    def __rich__(self) -> Group:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        table.add_column(no_wrap=True, width=max(map(len, self.rows)))
        table.add_column(justify="right", no_wrap=True, width=12)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for row in self.rows.values():
            table.add_row(*_cells(row))
        return Group(Text(), table)


def screen() -> Console:
    """The terminal itself: while a step runs, sys.stderr is the gate's own ear."""
    return Console(file=sys.stderr, highlight=False, no_color=bool(os.environ.get("NO_COLOR")))


@contextmanager
def progress(console: Console, steps: Sequence[tuple[str, str]]) -> Iterator[Progress]:
    """The list of steps, each a name and what it does; redrawn eight times a second on a terminal."""
    shown = Progress(console, {name: Row(name, does) for name, does in steps})
    if not console.is_terminal:
        yield shown
        return
    with Live(shown, console=console, refresh_per_second=8, redirect_stdout=False, redirect_stderr=False):
        yield shown


def _cells(row: Row) -> tuple[Text, Text, Text, Text]:
    if row.outcome:
        status = row.outcome.status
        colour = COLOURS[status]
        mark = Text(MARKS[status], style=colour)
        line = Text(clean(row.outcome.line), style="" if status in {Status.PASS, Status.SKIP} else colour)
        took = Text("" if row.since is None else duration(row.took * 1000), style="dim")
        return mark, Text(row.name, style="dim" if status is Status.SKIP else ""), took, line
    if row.since is None:
        return Text(WAITING, style="dim"), Text(row.name, style="dim"), Text(), Text(row.does, style="dim")
    spent = time.monotonic() - row.since
    mark = Text(SPINNER[int(spent * 10) % len(SPINNER)], style="cyan")
    took = Text(duration(spent * 1000), style="cyan")
    return mark, Text(row.name, style="bold"), took, Text(row.saying or row.does, style="dim")


def _line(row: Row) -> Text:
    outcome = row.outcome
    if outcome is None:
        return Text()
    took = "" if row.since is None else f" ({duration(row.took * 1000)})"
    return Text(f"  {MARKS[outcome.status]} {row.name:<15} {clean(outcome.line)}{took}", style=COLOURS[outcome.status])
