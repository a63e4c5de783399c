"""Watching a build from outside: its phase, how far it is, and who holds it up."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from payaidctl.indexes import actual
from payaidctl.indexes.progress import Build, eta_s
from payaidctl.indexes.steps import Step

EVERY_S = 0.25
# During a short lock the whole wait lasts 100 ms.
EVERY_SHORT_S = 0.02

BLOCKERS = """
SELECT a.pid, coalesce(a.usename::text, '') AS user, coalesce(a.application_name, '') AS application,
       coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.query_start)), 0)::float8 AS age_s,
       coalesce(a.state, 'hidden from this role') AS state,
       coalesce(regexp_replace(left(a.query, 120), '\\s+', ' ', 'g'), '') AS query
FROM pg_stat_activity a WHERE a.pid = ANY(pg_blocking_pids(%(pid)s)) ORDER BY age_s DESC
"""


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that we wait for."""

    pid: int
    user: str
    application: str
    age_s: float
    state: str
    query: str

    def __str__(self) -> str:
        application = f" ({self.application})" if self.application else ""
        query = f": {self.query}" if self.query else ""
        return f"pid {self.pid}, {self.user or 'unknown'}{application}, {self.state} for {self.age_s:.0f} s{query}"


@dataclass(frozen=True, slots=True)
class Moment:
    """How it stands with a step now. `waited_s`: how long, in all, others have held it up."""

    step: Step
    elapsed_s: float
    build: Build | None = None
    blockers: tuple[Blocker, ...] = ()
    waited_s: float = 0

    @property
    def phase(self) -> str:
        """What it is doing."""
        return (self.build.phase if self.build else None) or ("waiting for a lock" if self.blockers else "working")

    @property
    def percent(self) -> float | None:
        """How much is done, about."""
        return self.build.percent if self.build else None

    @property
    def eta_s(self) -> float | None:
        """Seconds left, about, waits for others not counted."""
        return eta_s(self.percent, self.elapsed_s - self.waited_s)


class Watcher:
    """Looks at one backend through a connection of its own."""

    def __init__(self, connection: AsyncConnection[Any], pid: int) -> None:
        self.connection = connection
        self.pid = pid

    async def moments(self, step: Step, running: "asyncio.Task[None]") -> AsyncIterator[Moment]:
        """How it stands, several times a second, until it is done."""
        began = last = time.monotonic()
        waited = 0.0
        while not running.done():
            blockers = await self.blockers()
            now = time.monotonic()
            waited += now - last if blockers else 0.0
            last = now
            yield Moment(step, now - began, await self._build(), blockers, waited)
            await asyncio.wait([running], timeout=EVERY_S)

    async def blockers(self) -> tuple[Blocker, ...]:
        """The sessions that hold our backend up now, the oldest first."""
        async with self.connection.cursor(row_factory=class_row(Blocker)) as cursor:
            await cursor.execute(BLOCKERS, {"pid": self.pid})
            return tuple(await cursor.fetchall())

    async def first_blockers(self) -> tuple[Blocker, ...]:
        """Wait until somebody holds our backend up, and say who."""
        seen = await self.blockers()
        for _ in count():
            if seen:
                break
            await asyncio.sleep(EVERY_SHORT_S)
            seen = await self.blockers()
        return seen

    async def _build(self) -> Build | None:
        return next((build for build in await actual.builds(self.connection) if build.pid == self.pid), None)
