"""Progress of a build on stderr: one line that changes on a terminal, a line a change in a log."""

import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from payaidctl.indexes.steps import Kind
from payaidctl.indexes.watch import Moment
from payaidctl.tell.words import duration

if TYPE_CHECKING:
    from rich.status import Status

# In a log, the same phase is told again this often.
REPEAT_S = 10.0


class Live(AbstractContextManager["Live"]):
    """Tells moments to a person, or to a log."""

    def __init__(self) -> None:
        from payaidctl.terminal import asides

        self.console = asides()
        self.status: Status | None = None
        self.said = ""
        self.said_at = 0.0

    def tell(self, moment: Moment) -> None:
        """Show how it stands."""
        if self.console.is_terminal:
            self._show(moment)
        else:
            self._log(moment)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.status is not None:
            self.status.stop()

    def _show(self, moment: Moment) -> None:
        from rich.markup import escape

        if self.status is None:
            self.status = self.console.status("")
            self.status.start()
        self.status.update(escape(line(moment)))

    def _log(self, moment: Moment) -> None:
        key = f"{moment.step.statements[0]} {moment.phase} {[one.pid for one in moment.blockers]}"
        now = time.monotonic()
        if key != self.said or now - self.said_at > REPEAT_S:
            self.said, self.said_at = key, now
            self.console.print(line(moment), markup=False, soft_wrap=True)


def line(moment: Moment) -> str:
    """One line: what is built, the phase, how far, how long yet, and who holds it up."""
    if moment.elapsed_s == 0:
        return "; ".join(moment.step.statements)
    what = moment.step.makes or moment.step.statements[0]
    parts = [f"{what}: {moment.phase}"]
    if moment.percent is not None:
        parts.append(f"{moment.percent:.0f} %")
    if moment.eta_s is not None and moment.step.kind is Kind.BUILD and not moment.blockers:
        parts.append(f"about {duration(moment.eta_s * 1000)} left")
    if moment.blockers:
        parts.append(f"held up for {duration(moment.waited_s * 1000)} by {moment.blockers[0]}")
        if len(moment.blockers) > 1:
            parts.append(f"and {len(moment.blockers) - 1} more")
    return ", ".join(parts)
