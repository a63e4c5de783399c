"""Connections to single Redis or Valkey nodes, and what one node says of itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from payaidctl.errors import Unreachable
from payaidctl.target import Target, mask

PINGS = 50


def connect(url: str, timeout_s: float) -> "redis.Redis":
    """A client for the one node that a redis:// or rediss:// URL names; it opens on its first command.

    Raises:
        Unreachable: no Redis URL at all.
    """
    try:
        return redis.Redis.from_url(
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, decode_responses=True
        )
    except ValueError as error:
        raise Unreachable(f"{mask(url)} is no redis:// or rediss:// URL", "`payaidctl check-env`") from error


def node(target: Target, address: str, timeout_s: float) -> "redis.Redis":
    """A client for one node of the target's cluster."""
    host, _, port = address.rpartition(":")
    return redis.Redis(
        host=host.strip("[]"),
        port=int(port),
        password=target.get("REDIS_PASSWORD"),
        ssl=tls(target),
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        decode_responses=True,
    )


def tls(target: Target) -> bool:
    """Whether the cluster's nodes speak TLS."""
    return (target.get("REDIS_TLS") or "").lower() in {"1", "true", "yes", "on"}


def address_of(url: str) -> str:
    """host:port of a Redis URL."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}"


async def describe(client: "redis.Redis", address: str) -> dict[str, Any]:
    """What one node says of itself, with its latency; an `error` instead where it does not answer."""
    try:
        info: dict[str, Any] = await client.info()
        commands: dict[str, Any] = await client.info("commandstats")
        latencies = await ping(client)
    except (RedisError, OSError, TimeoutError) as error:
        return {"address": address, "error": reason(error)}
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    return {
        "address": address,
        "server": "valkey" if "valkey_version" in info else "redis",
        "version": str(info.get("valkey_version") or info.get("redis_version")),
        "role": info.get("role"),
        "link": info.get("master_link_status"),
        "replicas": int(info.get("connected_slaves", 0)),
        "policy": info.get("maxmemory_policy"),
        "used_bytes": used,
        "maxmemory_bytes": most,
        "machine_bytes": int(info.get("total_system_memory", 0)),
        "used_share": round(used / most, 4) if most else None,
        "evicted": int(info.get("evicted_keys", 0)),
        # Since its start, or since CONFIG RESETSTAT.
        "keys_calls": int(commands.get("cmdstat_keys", {}).get("calls", 0)),
        "aof": bool(info.get("aof_enabled", 0)),
        "clients": int(info.get("connected_clients", 0)),
        "uptime_s": int(info.get("uptime_in_seconds", 0)),
    } | latencies


async def ping(client: "redis.Redis", times: int = PINGS) -> dict[str, float]:
    """p50 and p99 of some PINGs one after the other, in milliseconds. The first opens the connection, uncounted."""
    await client.ping()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await client.ping()
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    return {"p50_ms": round(taken[len(taken) // 2], 3), "p99_ms": round(taken[int(len(taken) * 0.99) - 1], 3)}


async def close(clients: Iterable["redis.Redis"]) -> None:
    """Close them all; a node that is gone need not say goodbye."""
    await asyncio.gather(*(client.aclose() for client in clients), return_exceptions=True)


def reason(error: BaseException) -> str:
    """Why a node did not answer, on one line."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__


@asynccontextmanager
async def cache(target: Target, timeout_s: float) -> AsyncIterator[Any]:
    """A client for the cache as a whole, cluster or node, whichever the target names.

    Raises:
        Unreachable: it does not answer; also for what fails inside the block.
    """
    seeds = (target.get("REDIS_CLUSTER_NODES") or "").replace(",", " ").split()
    client: Any
    if seeds:
        nodes = [ClusterNode(seed.rpartition(":")[0], int(seed.rpartition(":")[2])) for seed in seeds]
        client = RedisCluster(
            startup_nodes=nodes,
            password=target.get("REDIS_PASSWORD"),
            ssl=tls(target),
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            decode_responses=True,
        )
    else:
        client = connect(target.need("REDIS_CLUSTER_NODES", "REDIS_URL"), timeout_s)
    try:
        yield client
    except (RedisError, RedisClusterException, OSError) as error:  # the second is no RedisError, and means all are gone
        raise Unreachable(f"the cache's Redis: {reason(error)}", "`payaidctl ping redis`") from error
    finally:
        await close([client])
