"""Writers that go on all the time, and a watch on how long they wait for a lock that we hold or queue for."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from psycopg import AsyncConnection

# The server's own clock says how long each writer has waited, so no wait is missed between two samples by more
# than the pause; pg_blocking_pids names those that hold the lock and those that queue for it before the writer.
WAITS = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0)::float8
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE NOT l.granted AND a.application_name = 'writer'
  AND EXISTS (SELECT FROM unnest(pg_blocking_pids(l.pid)) b JOIN pg_stat_activity o ON o.pid = b
              WHERE o.application_name LIKE 'payaidctl%')
"""
GONE = "SELECT name FROM unnest(%s::text[]) name WHERE NOT EXISTS ({})".format(
    "SELECT FROM pg_class c JOIN pg_index x ON x.indexrelid = c.oid WHERE c.relname = name AND x.indisvalid"
)


@dataclass
class Traffic:
    """What was seen. `longest_wait_s` is the longest that a writer waited because of us."""

    written: int = 0
    longest_wait_s: float = 0.0
    samples: int = 0
    index_less: set[str] = field(default_factory=set)


@asynccontextmanager
async def writers(url: str, statements: Sequence[str], *, never_without: Sequence[str] = ()) -> AsyncIterator[Traffic]:
    """Run each statement over and over (`%(n)s` counts) while the body runs; watch the locks and the named indexes."""
    seen = Traffic()
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_write(url, statement, seen, stop)) for statement in statements]
    tasks.append(asyncio.create_task(_watch(url, seen, stop, never_without)))
    try:
        yield seen
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _write(url: str, statement: str, seen: Traffic, stop: asyncio.Event) -> None:
    connection = await AsyncConnection.connect(url, autocommit=True, application_name="writer")
    async with connection:
        for number in count(1):
            if stop.is_set():
                return
            await connection.execute(statement.encode(), {"n": f"{id(statement)}-{number}"})
            seen.written += 1
            await asyncio.sleep(0.002)


async def _watch(url: str, seen: Traffic, stop: asyncio.Event, never_without: Sequence[str]) -> None:
    connection = await AsyncConnection.connect(url, autocommit=True, application_name="observer")
    async with connection:
        while not stop.is_set():
            row = await (await connection.execute(WAITS)).fetchone()
            assert row
            seen.longest_wait_s = max(seen.longest_wait_s, row[0])
            gone = await (await connection.execute(GONE.encode(), [list(never_without)])).fetchall()
            seen.index_less |= {name for (name,) in gone}
            seen.samples += 1
            await asyncio.sleep(0.005)


async def some_writes(seen: Traffic, at_least: int = 20) -> None:
    """Return when the writers are under way."""
    goal, deadline = seen.written + at_least, time.monotonic() + 20
    while seen.written < goal:
        assert time.monotonic() < deadline, "the writers do not write"
        await asyncio.sleep(0.01)


async def catalogue(url: str) -> list[Any]:
    """Every index with its OID and file: equal before and after means that nothing was built, renamed or dropped."""
    async with await AsyncConnection.connect(url) as connection:
        found = await connection.execute(
            "SELECT relname, oid, relfilenode FROM pg_class"
            " WHERE relkind IN ('i', 'I') AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        return await found.fetchall()
