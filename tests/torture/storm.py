"""Load in the background while a test breaks something: the same clients and the same judge, in a thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.torture.faults import Place
from tests.torture.history import Kind, Outcome, Read, Write
from tests.torture.run import Load, Run

SEED = 7
STARTED_S = 30.0


@dataclass
class Storm:
    """The run, and how it looked from one moment on."""

    run: Run
    over: threading.Event = field(default_factory=threading.Event)
    since: float = 0.0
    error: BaseException | None = None

    def mark(self) -> None:
        """Look at what comes from here on."""
        self.since = time.monotonic()

    def last(self, seconds: float) -> None:
        """Let it go on for so long."""
        time.sleep(seconds)

    # -- what was seen since the mark -------------------------------------------------------------------------
    @property
    def reads(self) -> list[Read]:
        """Reads that began since."""
        return [one for one in list(self.run.seen) if one.began >= self.since]

    @property
    def writes(self) -> list[Write]:
        """Writes through the API that began since."""
        return [one for one in list(self.run.writes) if one.began >= self.since and one.door == "api"]

    @property
    def refused(self) -> list[Read]:
        """Reads that were not answered."""
        return [one for one in self.reads if not one.answered]

    def failed(self) -> list[Write]:
        """Writes that were not acknowledged."""
        return [one for one in self.writes if one.outcome is not Outcome.DONE]

    def percentile(self, share: float, kind: Kind | None = None) -> float:
        """Seconds within which this share of the reads were answered."""
        took = sorted(one.ended - one.began for one in self.reads if kind in (None, one.kind))
        return took[min(len(took) - 1, int(share * len(took)))]

    def trouble_s(self) -> float:
        """From the mark to the last read or write that was refused; 0 when none was."""
        ends = [one.ended for one in self.refused] + [one.ended for one in self.failed()]
        return max(ends, default=self.since) - self.since


@contextmanager
def storm(place: Place, **load: object) -> Iterator[Storm]:
    """Clients at work while the block runs; afterwards their history is judged, and must be possible."""
    blowing = Storm(Run(place, SEED, (), Load(**load)))  # type: ignore[arg-type]
    thread = threading.Thread(target=_blow, args=(blowing,))
    thread.start()
    try:
        _until(lambda: blowing.run.figures.all_reads > 100 or blowing.error is not None)
        blowing.mark()
        yield blowing
    finally:
        blowing.over.set()
        thread.join(60)
    if blowing.error:
        raise blowing.error
    assert not blowing.run.findings, blowing.run.findings[:5]


def _blow(blowing: Storm) -> None:
    async def scene() -> None:
        while not blowing.over.is_set():  # noqa: ASYNC110  # set by another thread
            await asyncio.sleep(0.02)

    try:
        asyncio.run(blowing.run.play(scene))
    except BaseException as error:  # noqa: BLE001  # told by the thread that waits
        blowing.error = error


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STARTED_S
    while not true():
        assert time.monotonic() < deadline, "the clients do not get going"
        time.sleep(0.02)
