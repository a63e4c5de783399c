"""A bounded pool of connections to one server. Whoever cannot be served soon is told so at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from payaid.db.identity import Connection
from payaid.errors import Unavailable
from payaid.settings import Settings
from payaid.timing import timed

# Transaction pooling cannot carry what a session keeps: no prepared statements, no session settings.
CONNECT: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, "connect_timeout": 3}


class Pool:
    """Connections to one server, for everything that is one statement or one transaction."""

    def __init__(self, name: str, dsn: str, settings: Settings) -> None:
        self.name = name
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
            reconnect_timeout=1.0,
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
        try:
            yield lent
        finally:
            await self._pool.putconn(lent)

    async def drop_broken(self) -> None:
        """After a lost connection its idle siblings are probably lost as well (a pooler's restart): test them all."""
        try:
            await self._pool.check()
        except OperationalError:
            return

    def figures(self) -> dict[str, int]:
        """Connections open and idle, and callers waiting."""
        stats = self._pool.get_stats()
        return {
            "open": stats.get("pool_size", 0),
            "idle": stats.get("pool_available", 0),
            "waiting": stats.get("requests_waiting", 0),
        }
