"""A primary and a replica are two types: the second has no way to write."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from payaid.db.identity import Connection
from payaid.db.pool import Pool
from payaid.errors import Unavailable
from payaid.rest.statement import Statement
from payaid.timing import timed

# After a failure a replica is left alone for this long; then one read tries it.
REST_S = 1.0
# A replay position older than this says nothing: the replica may have been restarted behind it.
POSITION_LIVES_S = 0.25


class TooLong(Unavailable):
    """The statement took longer than one may."""


async def fetch(pool: Pool, statement: Statement) -> bytes | None:
    """Run one read and answer its one text value as bytes, undecoded; None for SQL null.

    Raises:
        Unavailable: no connection was free.
        TooLong: the statement took longer than one may; it is cancelled there, too.
    """
    async with pool.connection() as connection:
        try:
            # Counted here: a session setting would not survive a transaction pooler.
            with timed("db"):
                async with asyncio.timeout(pool.statement_timeout_s):
                    return await _fetch(connection, statement)
        except TimeoutError:
            raise TooLong("The query took longer than a statement may.") from None


async def _fetch(connection: Connection, statement: Statement) -> bytes | None:
    cursor = await connection.execute(statement.sql, statement.params, prepare=False)
    result = cursor.pgresult
    assert result is not None, "a SELECT has a result"  # noqa: S101
    return result.get_value(0, 0)


class Primary:
    """The server that takes writes, and answers what no replica can answer yet."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def read(self, statement: Statement) -> bytes | None:
        """One statement, autocommitted."""
        return await fetch(self.pool, statement)

    @asynccontextmanager
    async def transaction(self, connection: Connection, tenant: str) -> AsyncIterator[None]:
        """One transaction of one tenant; its settings die with it, so it is safe behind a transaction pooler."""
        longest = f"{round(self.pool.statement_timeout_s * 1000)}ms"
        with timed("db"):
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('payaid.tenant_id', %s, true), set_config('statement_timeout', %s, true)",
                    (tenant, longest),
                )
                yield


class Replica:
    """A server that replays the primary's WAL. `position` is a lower bound of what its answers show."""

    def __init__(self, name: str, pool: Pool) -> None:
        self.name = name
        self.pool = pool
        self.refused = ""
        # Grows whenever its position became unknown: an answer across such a moment may show less than was thought.
        self.lives = 0
        self._position = 0
        self._position_at = float("-inf")
        self._resting_until = float("-inf")

    @property
    def position(self) -> int:
        """The replay position as of at most 250 ms ago; -1 when it is void."""
        fresh = time.monotonic() - self._position_at <= POSITION_LIVES_S
        return self._position if fresh else -1

    @property
    def usable(self) -> bool:
        """Is it a replica of this primary, heard from lately, and not resting after a failure?"""
        return not self.refused and self.position >= 0 and time.monotonic() >= self._resting_until

    def replayed(self, position: int) -> None:
        """It had replayed up to here just now."""
        self._position, self._position_at = position, time.monotonic()

    def void(self) -> None:
        """Its position is not known: its connection broke, or it restarted."""
        self._position_at = float("-inf")
        self.lives += 1

    def rest(self) -> None:
        """A read failed there."""
        self._resting_until = time.monotonic() + REST_S

    async def read(self, statement: Statement) -> bytes | None:
        """One statement, autocommitted."""
        return await fetch(self.pool, statement)
