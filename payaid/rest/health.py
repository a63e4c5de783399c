"""Is it alive, is it ready, and how is each part. An unhealthy answer is a 503, never a 200 that says so."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson

from payaid import __version__
from payaid.cache.stamps import Hearing, Stamps
from payaid.db.pool import Pool
from payaid.db.servers import Primary, Replica
from payaid.kv import Away, KeyValue
from payaid.rest.reply import Reply

FRESH_S = 1.0
NO_STORE = ((b"cache-control", b"no-store"),)


class Health:
    """The health endpoints. `draining` answers whether the process is on its way out."""

    def __init__(
        self,
        primary: Primary,
        replicas: list[Replica],
        redis: KeyValue | None,
        stamps: Stamps,
        draining: Callable[[], bool],
        process: str,
    ) -> None:
        self._primary = primary
        self._replicas = replicas
        self._redis = redis
        self._stamps = stamps
        self._draining = draining
        self._process = process
        self._looked: tuple[float, Reply] | None = None
        self._looking = asyncio.Lock()

    async def live(self) -> Reply:
        """The process answers."""
        return _reply(200, {"status": "live", "version": __version__, "process": self._process})

    async def ready(self) -> Reply:
        """May a balancer send requests here: not draining, and some server can answer reads."""
        readable = self._stamps.hearing is not Hearing.DARK or any(one.usable for one in self._replicas)
        ready = readable and not self._draining()
        return _reply(
            200 if ready else 503, {"status": "ready" if ready else "not ready", "draining": self._draining()}
        )

    async def health(self) -> Reply:
        """Every part: ok, degraded (served in a lesser way, 200) or down (503); looked at once a second at most.

        Nobody is identified or charged here, so a flood of it must not take the connections that others need.
        """
        async with self._looking:
            if self._looked is None or time.monotonic() - self._looked[0] >= FRESH_S:
                self._looked = time.monotonic(), await self._look()
            return self._looked[1]

    async def _look(self) -> Reply:
        primary, redis = await self._database(self._primary.pool), await self._key_value()
        notices = self._stamps.hearing
        replicas = {one.name: _replica(one) for one in self._replicas}
        parts = {"primary": primary, "notices": notices, "replicas": replicas, "redis": redis}
        down = primary != "ok"
        lesser = redis not in {"ok", "not configured"} or notices is not Hearing.HEARING
        lesser = lesser or any(state != "ok" for state in replicas.values())
        status = "down" if down else "degraded" if lesser else "ok"
        return _reply(503 if down else 200, {"status": status, "version": __version__, "parts": parts})

    @staticmethod
    async def _database(pool: Pool) -> str:
        try:
            async with pool.connection() as connection:
                await connection.execute("SELECT 1 FROM payaid.migration LIMIT 1")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what the caller asked about
            return f"down: {type(error).__name__}"
        return "ok"

    async def _key_value(self) -> str:
        if self._redis is None:
            return "not configured"
        try:
            await self._redis.put("pa:health", b"", FRESH_S)  # a server that answers may have become a replica
        except Away:
            return "away"
        return "ok"


def _replica(replica: Replica) -> str:
    if replica.refused:
        return f"refused: {replica.refused}"
    return "ok" if replica.usable else "away"


def _reply(status: int, document: dict[str, Any]) -> Reply:
    return Reply(status, orjson.dumps(document), headers=NO_STORE)
