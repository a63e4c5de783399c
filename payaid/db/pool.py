"""A bounded pool of connections to one server. Whoever cannot be served soon is told so at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from payaid.db.identity import Connection, Identity, identify
from payaid.db.patience import answers_within, bury, hang_up
from payaid.errors import Unavailable
from payaid.settings import Settings
from payaid.timing import timed

# Transaction pooling cannot carry what a session keeps: no prepared statements, no session settings.
CONNECT: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, "connect_timeout": 3}
# A connection that cannot be made is tried once more after this, then whenever somebody asks: a server that is back
# is found by the next caller, not after a pause that grows.
RETRY_S = 0.1
# What idle connections are given to show that they live, all of them together.
TEST_S = 1.0


class Pool:
    """Connections to one server, for everything that is one statement or one transaction.

    `met` is told who is at the other end of each new connection.
    """

    def __init__(self, name: str, dsn: str, settings: Settings, met: Callable[[Identity], None] | None = None) -> None:
        self.name = name
        self.dsn = dsn
        self._met = met
        self._lent: dict[Connection, float] = {}
        self._testing: asyncio.Task[None] | None = None
        self.statement_timeout_s = settings.statement_timeout_ms / 1000
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn,
            connection_class=AsyncConnection[tuple[Any, ...]],
            kwargs={**CONNECT, "application_name": f"payaid {name}"},
            min_size=settings.pool_min,
            max_size=settings.pool_max,
            max_idle=settings.pool_idle_s,
            max_waiting=settings.pool_queue,
            timeout=settings.pool_wait_ms / 1000,
            reconnect_timeout=RETRY_S,
            configure=self._meet if met else None,
            open=False,
            name=name,
        )

    async def open(self) -> None:
        """Start filling the pool, without waiting: a server that is away now may be back later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=2.0)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow a connection.

        Raises:
            Unavailable: none became free in time, or too many wait already. Nothing was sent.
        """
        try:
            with timed("pool"):
                lent = await self._pool.getconn()
        except (PoolTimeout, TooManyRequests):
            raise Unavailable(f"No connection to the {self.name} became free in time.") from None
        self._lent[lent] = monotonic()
        try:
            yield lent
        finally:
            del self._lent[lent]
            bury(lent)
            await self._pool.putconn(lent)

    def hang_up(self, lent_for_s: float = 0.0) -> None:
        """The server has fallen silent: whoever has waited for it for so long waits no longer."""
        before = monotonic() - lent_for_s
        for one in [one for one, since in self._lent.items() if since <= before]:
            hang_up(one)

    async def drop_broken(self) -> None:
        """After a lost connection its idle siblings are probably lost as well (a pooler's restart): test them all.

        However many callers lose theirs at once, the idle ones are tested once.
        """
        if self._testing is None or self._testing.done():
            self._testing = asyncio.ensure_future(self._test())
        await asyncio.shield(self._testing)

    async def _test(self) -> None:
        with contextlib.suppress(OperationalError, TimeoutError):
            async with asyncio.timeout(TEST_S):
                await self._pool.check()

    async def _meet(self, connection: Connection) -> None:
        assert self._met is not None  # noqa: S101
        with answers_within(connection, TEST_S):
            self._met(await identify(connection))

    def figures(self) -> dict[str, int]:
        """Connections open and idle, and callers waiting."""
        stats = self._pool.get_stats()
        return {
            "open": stats.get("pool_size", 0),
            "idle": stats.get("pool_available", 0),
            "waiting": stats.get("requests_waiting", 0),
        }
