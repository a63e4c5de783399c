"""A catalogue: one thing to watch a file. Each is looked at when the plateau begins and ends, and every few seconds.

What cannot be watched says why, and the verdict then does not pretend to know it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
PATIENCE_S = 5.0


class Watch(Protocol):
    """One observer of the system. `tick` gives figures for the charts; `mark` what `difference` compares."""

    name: str

    async def open(self) -> None:
        """Connect."""

    async def tick(self) -> dict[str, float]:
        """A few figures, now."""

    async def mark(self) -> Any:
        """Everything that is compared between the plateau's ends."""

    def difference(self, begin: Any, end: Any) -> dict[str, Any]:
        """What happened in between."""

    async def close(self) -> None:
        """Disconnect."""


@dataclass(slots=True)
class Seen:
    """What one watch saw: `series` of (seconds since 1970, figures); the plateau's `facts`, or why there are none.

    `missed` counts the readings that failed: a gap in a picture, no more.
    """

    series: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    why_not: str = ""
    missed: int = 0


class Watchers:
    """All watches together. One that cannot connect or compare is left out, with its reason; the load goes on."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self.watches = list(watches)
        self.seen = {watch.name: Seen() for watch in watches}
        self.begun: dict[str, Any] = {}

    async def open(self) -> None:
        """Connect every watch."""
        await self._each(lambda watch: watch.open())

    async def tick(self) -> dict[str, float]:
        """One reading of each, joined; names are the watches' own."""
        now = time.time()
        readings = await self._each(lambda watch: watch.tick(), forgiving=True)
        for name, reading in readings.items():
            self.seen[name].series.append((now, reading))
        return {key: value for reading in readings.values() for key, value in reading.items()}

    async def begin(self) -> None:
        """The plateau begins."""
        self.begun = await self._each(lambda watch: watch.mark())

    async def end(self) -> None:
        """The plateau has ended."""
        ended = await self._each(lambda watch: watch.mark())
        for watch in self.watches:
            if watch.name in self.begun and watch.name in ended:
                self.seen[watch.name].facts = watch.difference(self.begun[watch.name], ended[watch.name])

    async def close(self) -> None:
        """Disconnect; what has failed before may fail again."""
        await asyncio.gather(*(watch.close() for watch in self.watches), return_exceptions=True)

    async def _each(self, look: Callable[[Watch], Awaitable[Any]], *, forgiving: bool = False) -> dict[str, Any]:
        able = [watch for watch in self.watches if not self.seen[watch.name].why_not]
        results = await asyncio.gather(*(_in_time(look(watch)) for watch in able), return_exceptions=True)
        found = {}
        for watch, result in zip(able, results, strict=True):
            if isinstance(result, BaseException) and forgiving:
                self.seen[watch.name].missed += 1
            elif isinstance(result, BaseException):
                first = (str(result).strip().splitlines() or [type(result).__name__])[0]
                self.seen[watch.name].why_not = f"{type(result).__name__}: {first}"
            else:
                found[watch.name] = result
        return found


async def _in_time(look: Awaitable[T]) -> T:
    return await asyncio.wait_for(look, PATIENCE_S)
