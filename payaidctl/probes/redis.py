"""The cache's Redis, one node or a cluster: every node's role, slots, replication, memory, latency and version."""

import asyncio
from typing import Any

from redis.exceptions import RedisError

from payaidctl.errors import Unreachable
from payaidctl.probes import _valkey
from payaidctl.target import Target

NAMED_BY = ("REDIS_CLUSTER_NODES", "REDIS_URL")
WRITES = ""
SLOTS = 16384
# What is left is for replication buffers, copy-on-write while saving, and the rest of the machine.
SAFE_PERCENT = 75


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """Facts of the whole: mode, cluster state, slots served, and each node's own."""
    seeds = (target.get("REDIS_CLUSTER_NODES") or "").replace(",", " ").split()
    return await _cluster(target, seeds, timeout_s) if seeds else await _single(target, timeout_s)


async def _single(target: Target, timeout_s: float) -> dict[str, Any]:
    url = target.need("REDIS_URL")
    client = _valkey.connect(url, timeout_s)
    try:
        found = await _valkey.describe(client, _valkey.address_of(url))
    finally:
        await _valkey.close([client])
    if "error" in found:
        raise Unreachable(f"Redis at {found['address']}: {found['error']}")
    return {"mode": "single", "listed_as_cluster": False, "nodes": [found]} | _sums([found])


async def _cluster(target: Target, seeds: list[str], timeout_s: float) -> dict[str, Any]:
    table, state, silent = await _topology(target, seeds, timeout_s)
    clients = [_valkey.node(target, row["address"], timeout_s) for row in table]
    try:
        told = await asyncio.gather(
            *(_valkey.describe(client, row["address"]) for client, row in zip(clients, table, strict=True))
        )
    finally:
        await _valkey.close(clients)
    nodes = [row | described for row, described in zip(table, told, strict=True)]
    masters = [row for row in table if row["master"] and not row["failed"]]
    followed = {row["follows"] for row in table if not row["master"] and not row["failed"]}
    return {
        "mode": "cluster",
        "listed_as_cluster": True,
        "state": state.get("cluster_state"),
        "slots_served": sum(row["slots"] for row in masters),
        "slots_ok": int(state.get("cluster_slots_ok", 0)),
        "slots_expected": SLOTS,
        "masters": len(masters),
        "masters_without_replica": [row["address"] for row in masters if row["id"] not in followed],
        "silent_seeds": silent,
        "nodes": nodes,
    } | _sums(nodes)


async def _topology(
    target: Target, seeds: list[str], timeout_s: float
) -> tuple[list[dict[str, Any]], dict[str, str], list[str]]:
    """The cluster's table and state from the first seed that tells, and the seeds that stayed silent."""
    silent, last = [], ""
    for seed in seeds:
        client: Any = _valkey.node(target, seed, timeout_s)
        try:
            # Split words keep redis-py from parsing these its own way.
            table = await client.execute_command("CLUSTER", "NODES")
            info = await client.execute_command("CLUSTER", "INFO")
        except (RedisError, OSError, TimeoutError) as error:
            last = _valkey.reason(error)
            silent.append(seed)
            continue
        finally:
            await _valkey.close([client])
        state = dict(line.split(":", 1) for line in str(info).split() if ":" in line)
        return parse_nodes(str(table), seed), state, silent
    raise Unreachable(f"no node of the cluster answers ({', '.join(silent)}): {last}")


def parse_nodes(table: str, asked: str) -> list[dict[str, Any]]:
    """The rows of CLUSTER NODES. A node that knows no address of its own is the one that was asked."""
    rows = []
    for line in table.splitlines():
        words = line.split()
        if len(words) < 8:
            continue
        flags = words[2].split(",")
        address = words[1].split("@")[0].split(",")[0]
        rows.append(
            {
                "id": words[0],
                "address": asked if address.startswith(":") else address,
                "master": "master" in flags,
                "failed": "fail" in flags or "noaddr" in flags,
                "suspected": "fail?" in flags,
                "follows": "" if words[3] == "-" else words[3],
                "slots": sum(_slots(word) for word in words[8:]),
            }
        )
    return rows


def _slots(word: str) -> int:
    """How many slots `0-5460` or `77` is; slots on the move (`[77->-...]`) belong to their row already."""
    if word.startswith("["):
        return 0
    first, _, last = word.partition("-")
    return int(last or first) - int(first) + 1


def _sums(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    alive = [node for node in nodes if "error" not in node]
    promised = _promised(alive)
    return {
        "promised_percent": promised,
        "overcommitted": sorted(host for host, percent in promised.items() if percent > SAFE_PERCENT),
        "unreachable": [node["address"] for node in nodes if "error" in node],
        "policies": sorted({str(node["policy"]) for node in alive}),
        "unbounded": [node["address"] for node in alive if not node["maxmemory_bytes"]],
        "broken_links": [node["address"] for node in alive if node["link"] == "down"],
        "walked": [f"{node['address']} {node['keys_calls']:,}x" for node in alive if node["keys_calls"]],
        "evicted": sum(node["evicted"] for node in alive),
        "versions": sorted({node["version"] for node in alive}),
        "worst_p99_ms": max((node["p99_ms"] for node in alive), default=None),
    }


def _promised(nodes: list[dict[str, Any]]) -> dict[str, float]:
    """How much of each machine's memory its nodes may take together, in percent, where both are told."""
    found: dict[str, float] = {}
    for node in nodes:
        if node["maxmemory_bytes"] and node["machine_bytes"]:
            host = node["address"].rpartition(":")[0]
            found[host] = round(found.get(host, 0.0) + 100 * node["maxmemory_bytes"] / node["machine_bytes"], 1)
    return found
