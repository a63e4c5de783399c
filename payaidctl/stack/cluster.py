"""Six Valkey nodes become one cluster: three masters that share the slots, and a replica for each."""

import time
from collections.abc import Callable, Sequence

import redis

from payaidctl.errors import Failed
from payaidctl.stack.component import NotReady
from payaidctl.stack.ports import LOOPBACK
from payaidctl.stack.valkey import CacheNode

SLOTS = 16_384
MASTERS = 3


def form(nodes: Sequence[CacheNode], say: Callable[[str], None], patience_s: float = 20.0) -> str:
    """Make the nodes one cluster unless they are one; return what it says of itself.

    Nodes that remember a cluster get time to find each other again. What still is none by then is reset and formed
    anew: it holds a cache, so nothing but hits is lost.
    """
    if remembers(nodes):
        try:
            return await_ok(nodes, patience_s)
        except NotReady as why:
            say(f"forming the cluster anew: {why}")
            for node in nodes:
                _reset(node)
    say("forming the cluster")
    _introduce(nodes)
    _share_slots(nodes)
    _follow(nodes, patience_s)
    try:
        return await_ok(nodes, patience_s)
    except NotReady as why:
        raise Failed(f"the cache's nodes form no cluster: {why}", "see `payaidctl logs cache-1`") from None


def remembers(nodes: Sequence[CacheNode]) -> bool:
    """Whether any node knows another, or holds slots."""
    try:
        facts = [cluster_info(node) for node in nodes]
    except NotReady as why:
        raise Failed(str(why), "see `payaidctl logs cache-1`") from None
    return any(int(one["cluster_known_nodes"]) > 1 or int(one["cluster_slots_assigned"]) > 0 for one in facts)


def cluster_info(node: CacheNode) -> dict[str, str]:
    """CLUSTER INFO of one node."""
    try:
        with node.client() as client:
            answer = client.execute_command("CLUSTER INFO")
    except redis.RedisError as error:
        raise NotReady(f"{node.name}: {error}") from None
    if isinstance(answer, dict):
        return {str(key): str(value) for key, value in answer.items()}
    return dict(line.split(":", 1) for line in str(answer).split() if ":" in line)


def look(nodes: Sequence[CacheNode]) -> str:
    """All nodes see all six, all slots served, and every replica linked.

    Raises:
        NotReady: what the first node that disagrees says.
    """
    for node in nodes:
        facts = cluster_info(node)
        seen = int(facts["cluster_known_nodes"]), int(facts["cluster_slots_ok"]), facts["cluster_state"]
        if seen != (len(nodes), SLOTS, "ok"):
            raise NotReady(f"{node.name} says state {seen[2]}, {seen[0]} nodes, {seen[1]} slots served")
        node.look()
    return f"{facts['cluster_size']} masters, {SLOTS} slots, state {facts['cluster_state']}"


def await_ok(nodes: Sequence[CacheNode], patience_s: float) -> str:
    """`look` until it is satisfied or patience ends."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return look(nodes)
        except NotReady:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _introduce(nodes: Sequence[CacheNode]) -> None:
    for number, node in enumerate(nodes, start=1):
        with node.client() as client:
            # Distinct from the start, so that the masters need not settle whose claim to a slot is older.
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number)
            for other in nodes[:number]:
                if other is not node:
                    client.execute_command("CLUSTER MEET", LOOPBACK, other.port)


def _share_slots(nodes: Sequence[CacheNode]) -> None:
    bounds = [SLOTS * index // MASTERS for index in range(MASTERS + 1)]
    for node, first, after in zip(nodes, bounds, bounds[1:], strict=False):
        with node.client() as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", first, after - 1)


def _follow(nodes: Sequence[CacheNode], patience_s: float) -> None:
    """Give each master its replica, as soon as the replica has heard of that master."""
    deadline = time.monotonic() + patience_s
    for master, replica in zip(nodes[:MASTERS], nodes[MASTERS:], strict=True):
        with master.client() as one, replica.client() as other:
            identity = one.execute_command("CLUSTER MYID")
            while True:
                try:
                    other.execute_command("CLUSTER REPLICATE", identity)
                    break
                except redis.ResponseError as error:
                    if "Unknown node" not in str(error) or time.monotonic() > deadline:
                        raise Failed(f"{replica.name} cannot follow {master.name}: {error}") from error
                time.sleep(0.05)


def _reset(node: CacheNode) -> None:
    with node.client() as client:
        # A master that holds keys refuses RESET; a replica refuses FLUSHALL until RESET made it a master.
        if client.info("replication")["role"] == "master":
            client.flushall()
        client.execute_command("CLUSTER RESET HARD")
        client.flushall()
