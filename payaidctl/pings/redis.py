"""Redis: PING is not enough, for a cluster answers it while it is failing. Slots, links, memory, latency too."""

from collections.abc import Iterator
from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.pings import verdict

SLOW_MS = 10.0


def judge(facts: dict[str, Any]) -> list[Finding]:
    """The cluster as a whole, then each node."""
    whole = list(_cluster(facts)) if facts["mode"] == "cluster" else []
    return [*whole, *_policy(facts), *map(_node, facts["nodes"])]


def _cluster(facts: dict[str, Any]) -> Iterator[Finding]:
    served, wanted = facts["slots_ok"], facts["slots_expected"]
    yield verdict(
        "redis.cluster_state",
        facts["state"] == "ok" and served == wanted,
        "Does the cluster serve every slot?",
        f"state {facts['state']}, {served} of {wanted} slots, {facts['masters']} masters",
        f"state ok, {wanted} slots",
        advice="bring the failed masters back, or `valkey-cli --cluster fix HOST:PORT`",
    )
    alone = facts["masters_without_replica"]
    yield verdict(
        "redis.failover",
        not alone,
        "Can every master fail over to a replica?",
        f"no replica: {', '.join(alone)}" if alone else f"{facts['masters']} masters, each with a replica",
        "a replica for each master",
        advice="`valkey-cli --cluster add-node NEW EXISTING --cluster-slave`",
        otherwise=Status.WARN,
    )


def _policy(facts: dict[str, Any]) -> Iterator[Finding]:
    policies, unbounded = facts["policies"], facts["unbounded"]
    evicts = bool(policies) and "noeviction" not in policies and not unbounded
    yield verdict(
        "redis.memory_policy",
        evicts,
        "Does the cache evict when it is full, instead of refusing writes?",
        f"{', '.join(policies) or 'unknown'}" + (f"; no maxmemory on {', '.join(unbounded)}" if unbounded else ""),
        "maxmemory set, policy allkeys-lru (or another that evicts)",
        advice="`valkey-cli CONFIG SET maxmemory 512mb` and `CONFIG SET maxmemory-policy allkeys-lru` on each node",
        otherwise=Status.WARN,
    )


def _node(node: dict[str, Any]) -> Finding:
    name = f"redis.node.{node['address']}"
    title = "Does the node answer, in its role, in time?"
    expected = f"answers, link up, p99 < {SLOW_MS:g} ms"
    if "error" in node:
        return Finding(name, Status.FAIL, title, node["error"], expected, advice="start the node, or look at its log")
    slots = f", {node['slots']} slots" if node.get("slots") else ""
    link = f", link {node['link']}" if node["link"] else ""
    memory = f", {node['used_share']:.0%} of memory" if node["used_share"] is not None else ""
    observed = (
        f"{node['role']}{slots}{link}, p50 {node['p50_ms']} ms, p99 {node['p99_ms']} ms{memory}, "
        f"{node['evicted']} evicted, {node['server']} {node['version']}"
    )
    if node["link"] == "down":
        return Finding(name, Status.FAIL, title, observed, expected, node, "look at the replica's log")
    slow = node["p99_ms"] >= SLOW_MS
    return Finding(
        name,
        Status.WARN if slow else Status.PASS,
        title,
        observed,
        expected,
        node,
        "`valkey-cli --latency-history` and `SLOWLOG GET`" if slow else "",
    )
