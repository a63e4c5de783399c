"""The queue's own Redis and the BullMQ queue in it: memory policy, AOF, workers, what waits, what failed."""

import time
from base64 import b64encode
from typing import Any

from redis.exceptions import RedisError

from payaidctl.errors import Unreachable
from payaidctl.probes import _valkey
from payaidctl.target import Target

NAMED_BY = ("QUEUE_REDIS_URL",)
WRITES = ""
QUEUE = "payaid"
LISTS = ("wait", "active", "paused")
SETS = ("delayed", "prioritized", "failed", "completed", "stalled")


async def look(target: Target, timeout_s: float, queue: str = QUEUE) -> dict[str, Any]:
    """The node's own facts, and the queue's: counts by state, workers that wait for work, age of the oldest job."""
    url = target.need("QUEUE_REDIS_URL")
    client = _valkey.connect(url, timeout_s)
    address = _valkey.address_of(url)
    try:
        node = await _valkey.describe(client, address)
        if "error" in node:
            raise Unreachable(f"the queue's Redis at {address}: {node['error']}")
        counts = await _counts(client, f"bull:{queue}")
        workers = await _workers(client, queue)
        oldest = await _oldest_s(client, f"bull:{queue}")
    except (RedisError, OSError) as error:
        raise Unreachable(f"the queue's Redis at {address}: {_valkey.reason(error)}") from error
    finally:
        await _valkey.close([client])
    shared = address in {_valkey.address_of(other) for other in _caches(target)}
    return node | {
        "queue": queue,
        "counts": counts,
        "waiting": counts["wait"] + counts["prioritized"],
        "failed": counts["failed"],
        "workers": workers,
        "oldest_waiting_s": oldest,
        "shared_with_cache": shared,
        "tls": url.startswith("rediss://"),
    }


def _caches(target: Target) -> list[str]:
    nodes = (target.get("REDIS_CLUSTER_NODES") or "").replace(",", " ").split()
    named = [f"redis://{node}" for node in nodes]
    return [*named, url] if (url := target.get("REDIS_URL")) else named


async def _counts(client: Any, prefix: str) -> dict[str, int]:
    found = {}
    for state in LISTS:
        found[state] = int(await client.llen(f"{prefix}:{state}"))
    for state in SETS:
        key = f"{prefix}:{state}"
        found[state] = int(await (client.scard(key) if state == "stalled" else client.zcard(key)))
    return found


async def _workers(client: Any, queue: str) -> int | None:
    """How many workers BullMQ sees; None where the server does not let us list clients."""
    try:
        clients = await client.client_list()
    except RedisError:
        return None
    # The Python port names its connections by the queue, the original by the queue's name in base64.
    marks = (f"bull:{queue}", f"bull:{b64encode(queue.encode()).decode()}")
    return sum(1 for one in clients if is_worker(str(one.get("name", "")), marks))


def is_worker(name: str, marks: tuple[str, ...]) -> bool:
    """Whether a client's name is that of a worker of the queue, with or without a name of its own."""
    return any(name == mark or name.startswith(f"{mark}:w:") for mark in marks)


async def _oldest_s(client: Any, prefix: str) -> float | None:
    """Seconds that the longest-waiting job has waited; None with nothing waiting. BullMQ takes from the right."""
    waiting = await client.lindex(f"{prefix}:wait", -1)
    if waiting is None:
        return None
    added = await client.hget(f"{prefix}:{waiting}", "timestamp")
    return round(max(0.0, time.time() - int(added) / 1000), 1) if added else None
