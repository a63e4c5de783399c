"""How `up` and `down` show what they are doing: a live table on a terminal, plain lines elsewhere; on stderr."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.live import Live
from rich.table import Table
from rich.text import Text

from payaidctl.stack.steps import Progress
from payaidctl.terminal import asides, say


@dataclass(slots=True)
class Row:
    """One step as it stands."""

    what: str = ""
    since: float = field(default_factory=time.monotonic)
    took: float | None = None
    failed: bool = False


class Lines:
    """One line when a step ends."""

    def began(self, step: str) -> None:
        """Nothing yet."""

    def said(self, step: str, what: str) -> None:
        """Nothing: in a log, what lasted is seen from the times."""

    def done(self, step: str, detail: str, seconds: float) -> None:
        """The step, what it found, how long it took."""
        say(f"  ✓ {step:<11} {detail} ({seconds:.1f} s)")

    def failed(self, step: str, why: str) -> None:
        """The first line; the whole is told as the error."""
        say(f"  ✗ {step:<11} {_first(why)}")


class Rows:
    """One row a step, redrawn in place. Steps run in threads, so rows are kept under a lock."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.lock = threading.Lock()

    def began(self, step: str) -> None:
        """A new row."""
        with self.lock:
            self.rows[step] = Row()

    def said(self, step: str, what: str) -> None:
        """Its text changes."""
        with self.lock:
            self.rows[step].what = what

    def done(self, step: str, detail: str, seconds: float) -> None:
        """It stands."""
        with self.lock:
            row = self.rows[step]
            row.what, row.took = detail, seconds

    def failed(self, step: str, why: str) -> None:
        """It stands, in red."""
        with self.lock:
            row = self.rows[step]
            row.what, row.took, row.failed = _first(why), time.monotonic() - row.since, True

    def __rich__(self) -> Table:
        table = Table.grid(padding=(0, 1))
        with self.lock:
            for name, row in self.rows.items():
                table.add_row(*_cells(name, row))
        return table


def _cells(name: str, row: Row) -> tuple[Text, Text, Text, Text]:
    frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    if row.failed:
        mark = Text(" ✗", style="bold red")
    elif row.took is None:
        mark = Text(f" {frames[int(time.monotonic() * 12) % len(frames)]}", style="cyan")
    else:
        mark = Text(" ✓", style="green")
    seconds = row.took if row.took is not None else time.monotonic() - row.since
    return mark, Text(name), Text(row.what, style="dim"), Text(f"{seconds:.1f} s", style="dim")


@contextmanager
def display() -> Iterator[Progress]:
    """The progress that suits stderr."""
    if not asides().is_terminal:
        yield Lines()
        return
    rows = Rows()
    with Live(rows, console=asides(), refresh_per_second=12):
        yield rows


def _first(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
