"""The live view on the terminal: what is going on now, once a second; plain lines where nobody looks at a screen."""

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from payaidctl.load.measure import Measures, Unknown
from payaidctl.load.units import show
from payaidctl.terminal import asides

PLAIN_EVERY_S = 5.0


@dataclass(slots=True)
class Now:
    """What the view shows. `reading` holds the watches' newest figures."""

    phase: str = "starting"
    until: float = 0.0
    users: int = 0
    wanted: int = 0
    generator_cpu: float = 0.0
    reading: dict[str, float] = field(default_factory=dict)
    measures: Measures | None = None


class View:
    """A context in which `show` may be called as often as one likes."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.console = asides()
        self.live = Live(console=self.console, auto_refresh=False) if self.console.is_terminal else None
        self.said = 0.0
        self.phase = ""

    def __enter__(self) -> Self:
        if self.live:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.live.stop()

    def show(self, now: Now) -> None:
        """Draw, or say a line every few seconds and at every change of phase."""
        if self.live:
            self.live.update(self._table(now), refresh=True)
        elif now.phase != self.phase or time.monotonic() - self.said >= PLAIN_EVERY_S:
            self.phase, self.said = now.phase, time.monotonic()
            line = "  ".join(f"{name} {value}" for name, value in _cells(now))
            self.console.print(line, markup=False, soft_wrap=True)

    def _table(self, now: Now) -> Table:
        table = Table(title=self.title, title_justify="left", show_header=False, box=None, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(no_wrap=True)
        cells = _cells(now)
        for left, right in zip(cells[::2], [*cells[1::2], ("", "")], strict=False):
            table.add_row(left[0], Text(left[1]), right[0], Text(right[1]))
        return table


def _cells(now: Now) -> list[tuple[str, str]]:
    left = f" ({max(0.0, now.until - time.monotonic()):.0f} s left)" if now.until else ""
    cells = [("phase", f"{now.phase}{left}"), ("users", f"{now.users:,} of {now.wanted:,}")]
    if measures := now.measures:
        cells.append(("req/s", _figure(measures, "throughput", "/s")))
        percentiles = [_figure(measures, name, "ms") for name in ("p50", "p95", "p99")]
        cells.append(("p50/p95/p99", " / ".join(percentiles)))
        cells.append(("errors", _figure(measures, "errors", "%")))
        cells.append(("hit rate", _figure(measures, "hit-rate", "%")))
    reading = now.reading
    if reads := reading.get("primaryReads", 0.0) + reading.get("replicaReads", 0.0):
        cells.append(("on primary", f"{reading['primaryReads'] / reads:.0%} of {reads:.0f} reads"))
    cells.append(("CPU generator", f"{now.generator_cpu:.0f} %"))
    cells += [
        (f"CPU {name.removeprefix('cpu.')}", f"{value:.0f} %")
        for name, value in sorted(reading.items())
        if name.startswith("cpu.") and name != "cpu.conductor"
    ]
    return cells


def _figure(measures: Measures, metric: str, kind: str) -> str:
    try:
        return show(measures.get(metric), kind)
    except Unknown:
        return "-"
