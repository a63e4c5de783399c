"""The cache's Redis or Valkey, node by node: commands, memory, evictions; and whose clock the limiter goes by."""

import time
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode

COUNTED = (
    "total_commands_processed", "evicted_keys", "expired_keys", "keyspace_hits", "keyspace_misses",
    "total_error_replies",
)  # fmt: skip


class Cache:
    """INFO of every node that holds data: a cluster's primaries, or the one node."""

    name = "redis"

    def __init__(self, *, nodes: str, url: str, password: str | None, tls: bool) -> None:
        self.nodes = nodes
        self.url = url
        self.password = password
        self.tls = tls
        self.client: Redis | RedisCluster | None = None
        self.before: tuple[float, float] | None = None
        self.skew = 0.0

    async def open(self) -> None:
        """Connect, and compare clocks: the limiter's windows are those of Redis."""
        if self.nodes:
            start = []
            for node in self.nodes.replace(",", " ").split():
                host, _, port = node.rpartition(":")
                start.append(ClusterNode(host, int(port)))
            self.client = RedisCluster(startup_nodes=start, password=self.password, ssl=self.tls, socket_timeout=4)
        else:
            self.client = Redis.from_url(self.url, socket_timeout=4)
        await self._infos()
        self.skew = await self._skew()

    async def tick(self) -> dict[str, float]:
        """Operations a second since the last tick, and memory."""
        infos = await self._infos()
        now = time.monotonic()
        commands = float(sum(info["total_commands_processed"] for info in infos))
        rate = 0.0
        if self.before and now > self.before[0]:
            rate = max(0.0, (commands - self.before[1]) / (now - self.before[0]))
        self.before = (now, commands)
        return {"redis.ops": rate, "redis.memory": float(sum(info["used_memory"] for info in infos))}

    async def mark(self) -> dict[str, Any]:
        """The counters of all nodes."""
        infos = await self._infos()
        found: dict[str, Any] = {key: float(sum(info.get(key, 0) for info in infos)) for key in COUNTED}
        found["memory"] = float(sum(info["used_memory"] for info in infos))
        found["nodes"] = len(infos)
        found["starts"] = sorted(str(info.get("run_id")) for info in infos)
        return found

    def difference(self, begin: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
        """What the nodes did in the plateau."""
        facts = {key: end[key] - begin[key] for key in COUNTED}
        restarted = begin["starts"] != end["starts"]
        return facts | {"memory": end["memory"], "nodes": end["nodes"], "restarted": restarted, "clockSkewS": self.skew}

    async def close(self) -> None:
        """Disconnect."""
        if self.client:
            await self.client.aclose()

    async def _infos(self) -> list[dict[str, Any]]:
        if isinstance(self.client, RedisCluster):
            answers = await self.client.info(target_nodes=RedisCluster.PRIMARIES)
            return list(answers.values()) if "used_memory" not in answers else [answers]
        if self.client is None:
            raise ConnectionError("it was never connected")
        return [await self.client.info()]

    async def _skew(self) -> float:
        """Seconds by which Redis' clock is ahead of ours."""
        before = time.time()
        if isinstance(self.client, RedisCluster):
            answer: Any = await self.client.execute_command("TIME", target_nodes=self.client.get_random_node())
        elif self.client is not None:
            answer = await self.client.time()
        seconds, micros = answer
        return float(seconds) + float(micros) / 1e6 - (before + time.time()) / 2
