"""Redis, one node or a cluster, behind one small protocol; a breaker keeps a sick one from slowing every request.

The cache and the limiter use it, nothing else. What it loses costs hits, never truth.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from hashlib import sha1
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from payaid import observe
from payaid.settings import Settings

# After this many failures in a row nothing is asked for OPEN_S; then one call is let through to see.
TRIP, OPEN_S = 5, 1.0
# To one node. More calls than that wait in line: refused by the client, they would look like a node that is away.
CONNECTIONS = 200


class Away(Exception):
    """Redis did not answer in time, answered with an error, or is not being asked at the moment."""


class KeyValue(Protocol):
    """What the cache and the limiter need of Redis. Every call raises Away, and nothing else."""

    async def open(self) -> None:
        """Find the nodes ahead of the first request, which would otherwise wait for it."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""

    async def put(self, key: str, value: bytes, life_s: float) -> None:
        """Keep a value for a time."""

    async def put_many(self, values: Mapping[str, tuple[bytes, float]]) -> None:
        """Keep many values, each with its life in seconds, pipelined."""

    async def delete(self, key: str) -> None:
        """Forget one key."""

    async def run(self, script: "Script", key: str, *arguments: Any) -> Any:
        """Run a script atomically on one key."""

    async def close(self) -> None:
        """Close every connection."""


class Script:
    """A Lua script and its digest."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = sha1(source.encode()).hexdigest()  # noqa: S324  # Redis' own name for a script


class RedisKeyValue:
    """KeyValue over redis-py, for one node and for a cluster alike."""

    def __init__(self, client: Any, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._failures = 0
        self._open_until = 0.0
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def open(self) -> None:
        """Find the nodes; one that is away now is found later."""
        with contextlib.suppress(Away):
            await self._ask(self._client.initialize(), patience=20)

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""
        value: bytes | None = await self._ask(self._client.get(key))
        return value

    async def put(self, key: str, value: bytes, life_s: float) -> None:
        """Keep a value for a time."""
        await self._ask(self._client.set(key, value, px=max(1, int(life_s * 1000))))

    async def put_many(self, values: Mapping[str, tuple[bytes, float]]) -> None:
        """Keep many values, each with its life in seconds, pipelined: one round trip a node."""
        pipeline = self._client.pipeline(transaction=False)
        for key, (value, life_s) in values.items():
            pipeline.set(key, value, px=max(1, int(life_s * 1000)))
        await self._ask(pipeline.execute(), patience=20)

    async def delete(self, key: str) -> None:
        """Forget one key."""
        await self._ask(self._client.delete(key))

    async def run(self, script: Script, key: str, *arguments: Any) -> Any:
        """Run a script by its digest; a node that does not know it yet is sent the source."""
        # A count is worth waiting for a little longer than a cached answer: without it the limit is a guess.
        return await self._ask(self._evaluate(script, key, arguments), patience=3)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _evaluate(self, script: Script, key: str, arguments: tuple[Any, ...]) -> Any:
        try:
            return await self._client.evalsha(script.sha, 1, key, *arguments)
        except NoScriptError:
            return await self._client.eval(script.source, 1, key, *arguments)

    async def _ask(self, question: Any, patience: int = 1) -> Any:
        now = time.monotonic()
        if now < self._open_until:
            question.close()
            raise Away("not asked: it failed a moment ago")
        if self._failures >= TRIP:
            self._open_until = now + OPEN_S  # this one sees for all
        try:
            async with asyncio.timeout(self._timeout_s * patience), self._room:
                answer = await question
        except (RedisError, OSError, TimeoutError) as error:
            question.close()  # it may not have had its turn
            self._failed(now, error)
            raise Away(f"{type(error).__name__}: {error}") from error
        self._failures, self._open_until = 0, 0.0
        return answer

    def _failed(self, now: float, error: Exception) -> None:
        self._failures += 1
        observe.emit(observe.Degraded("redis", type(error).__name__))
        if self._failures >= TRIP:
            self._open_until = now + OPEN_S


def connect(settings: Settings) -> KeyValue | None:
    """The cache's and the limiter's Redis, as configured; None where none is. Nothing is sent yet."""
    timeout_s = settings.redis_timeout_ms / 1000
    options: dict[str, Any] = {"socket_timeout": None, "socket_connect_timeout": 1.0, "max_connections": CONNECTIONS}
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    if settings.redis_cluster_nodes:
        nodes = [ClusterNode(*_host_port(one)) for one in settings.redis_cluster_nodes]
        cluster = RedisCluster(
            startup_nodes=nodes,
            password=password,
            ssl=settings.redis_tls,
            require_full_coverage=False,
            retry=Retry(NoBackoff(), 1),
            **options,
        )
        return RedisKeyValue(cluster, timeout_s)
    if settings.redis_url:
        url = settings.redis_url.get_secret_value()
        return RedisKeyValue(Redis.from_url(url, retry=Retry(NoBackoff(), 1), **options), timeout_s)
    return None


def _host_port(node: str) -> tuple[str, int]:
    host, _, port = node.rpartition(":")
    return host or node, int(port) if port.isdigit() else 6379
