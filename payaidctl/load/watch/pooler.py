"""PgBouncer's console: clients and servers at work and waiting, by pool."""

from typing import Any

import psycopg
from psycopg import AsyncClientCursor
from psycopg.rows import dict_row

COUNTED = ("total_xact_count", "total_query_count", "total_wait_time", "total_received", "total_sent")


class Pooler:
    """The admin console speaks the simple protocol only, hence the client-side cursor and no transaction."""

    name = "pooler"

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self.most_waiting = 0.0
        self.longest_wait_s = 0.0

    async def open(self) -> None:
        """Connect to the console."""
        self._connection = await psycopg.AsyncConnection.connect(
            self.url, autocommit=True, connect_timeout=5, cursor_factory=AsyncClientCursor, prepare_threshold=None
        )

    async def tick(self) -> dict[str, float]:
        """Clients active and waiting, servers active, over all pools."""
        pools = [row for row in await self._show("SHOW POOLS") if row["database"] != "pgbouncer"]
        waiting = float(sum(row["cl_waiting"] for row in pools))
        self.most_waiting = max(self.most_waiting, waiting)
        self.longest_wait_s = max([self.longest_wait_s, *(float(row["maxwait"]) for row in pools)])
        return {
            "pooler.active": float(sum(row["cl_active"] for row in pools)),
            "pooler.waiting": waiting,
            "pooler.servers": float(sum(row["sv_active"] for row in pools)),
        }

    async def mark(self) -> dict[str, float]:
        """Its counters; the peaks count from here."""
        stats = [row for row in await self._show("SHOW STATS") if row["database"] != "pgbouncer"]
        found = {key: float(sum(row[key] for row in stats)) for key in COUNTED if stats and key in stats[0]}
        found["mostWaiting"], found["longestWaitS"] = self.most_waiting, self.longest_wait_s
        self.most_waiting = self.longest_wait_s = 0.0
        return found

    def difference(self, begin: dict[str, float], end: dict[str, float]) -> dict[str, Any]:
        """Queries, waiting time in microseconds, and the peaks of the plateau."""
        facts = {key: end[key] - begin.get(key, 0.0) for key in COUNTED if key in end}
        return facts | {"mostWaiting": end["mostWaiting"], "longestWaitS": end["longestWaitS"]}

    async def close(self) -> None:
        """Disconnect."""
        if self._connection:
            await self._connection.close()

    async def _show(self, command: str) -> list[dict[str, Any]]:
        if self._connection is None:
            raise ConnectionError("it was never connected")
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(command.encode())
            return await cursor.fetchall()
