"""Pings: recorded facts of sick systems are judged sick; the real stack's are judged well; silence is a fail."""

import asyncio
from typing import Any

import httpx
import pytest

from payaidctl import pings, probes
from payaidctl.finding import Status
from payaidctl.ping import ping
from payaidctl.probes import NotNamed, cache, limiter, pooler
from payaidctl.probes.redis import parse_nodes
from payaidctl.stack import Stack
from payaidctl.target import Target

NODE: dict[str, Any] = {
    "address": "a:1", "role": "master", "slots": 16384, "link": None, "p50_ms": 0.1, "p99_ms": 0.4,
    "used_share": 0.2, "evicted": 0, "server": "valkey", "version": "9.1.2",
}  # fmt: skip
CLUSTER: dict[str, Any] = {
    "mode": "cluster", "state": "ok", "slots_ok": 16384, "slots_expected": 16384, "masters": 3,
    "masters_without_replica": [], "policies": ["allkeys-lru"], "unbounded": [], "nodes": [NODE],
}  # fmt: skip
STANDBY: dict[str, Any] = {
    "name": "r:1", "in_recovery": True, "system": "77", "version": "18.6", "behind_bytes": 0, "behind_s": 0.0,
    "paused": False, "moving": True, "conflicts": 0,
}  # fmt: skip
PRIMARY = {"in_recovery": False, "system": "77", "version": "18.6", "lsn": "0/1"}
QUEUE: dict[str, Any] = {
    **NODE, "policy": "noeviction", "aof": True, "shared_with_cache": False, "workers": 1, "oldest_waiting_s": None,
    "failed": 0, "counts": {"wait": 0},
}  # fmt: skip
API: dict[str, Any] = {
    "live": 200, "ready": 200, "parts": {}, "instances": ["vm-1"], "clock_skew_s": 0.0, "p50_ms": 1, "p99_ms": 2,
    "version": "0.1.0",
}  # fmt: skip
SICK = [
    ("redis", CLUSTER, {"state": "fail"}, "redis.cluster_state", Status.FAIL),
    ("redis", CLUSTER, {"slots_ok": 10000}, "redis.cluster_state", Status.FAIL),
    ("redis", CLUSTER, {"masters_without_replica": ["a:1"]}, "redis.failover", Status.WARN),
    ("redis", CLUSTER, {"policies": ["noeviction"]}, "redis.memory_policy", Status.WARN),
    ("redis", CLUSTER, {"unbounded": ["a:1"]}, "redis.memory_policy", Status.WARN),
    ("redis", CLUSTER, {"nodes": [{"address": "a:1", "error": "refused"}]}, "redis.node.a:1", Status.FAIL),
    ("redis", CLUSTER, {"nodes": [NODE | {"link": "down"}]}, "redis.node.a:1", Status.FAIL),
    ("redis", CLUSTER, {"nodes": [NODE | {"p99_ms": 80.0}]}, "redis.node.a:1", Status.WARN),
    ("replicas", {"primary": PRIMARY}, {"replicas": [STANDBY | {"in_recovery": False}]}, "replicas.r:1", Status.FAIL),
    ("replicas", {"primary": PRIMARY}, {"replicas": [STANDBY | {"system": "78"}]}, "replicas.r:1", Status.FAIL),
    ("replicas", {"primary": PRIMARY}, {"replicas": [STANDBY | {"moving": False}]}, "replicas.r:1", Status.FAIL),
    (
        "replicas", {"primary": PRIMARY},
        {"replicas": [STANDBY | {"behind_bytes": 1 << 30, "behind_s": 60.0}]}, "replicas.r:1", Status.WARN,
    ),
    ("replicas", {"replicas": []}, {"primary": PRIMARY | {"in_recovery": True}}, "replicas.primary", Status.FAIL),
    ("queue", QUEUE, {"policy": "allkeys-lru"}, "queue.durable", Status.FAIL),
    ("queue", QUEUE, {"aof": False}, "queue.durable", Status.FAIL),
    ("queue", QUEUE, {"workers": 0}, "queue.workers", Status.FAIL),
    ("queue", QUEUE, {"workers": None}, "queue.workers", Status.INCONCLUSIVE),
    ("queue", QUEUE, {"shared_with_cache": True}, "queue.redis", Status.FAIL),
    ("queue", QUEUE, {"oldest_waiting_s": 900.0}, "queue.backlog", Status.WARN),
    ("api", API, {"live": 500}, "api.live", Status.FAIL),
    ("api", API, {"ready": 503}, "api.ready", Status.FAIL),
    ("api", API, {"instances": []}, "api.instances", Status.FAIL),
    ("api", API, {"clock_skew_s": 90.0}, "api.clock", Status.WARN),
]  # fmt: skip


@pytest.mark.parametrize(("part", "well", "change", "identifier", "status"), SICK)
def test_a_sick_part_is_told(
    part: str, well: dict[str, Any], change: dict[str, Any], identifier: str, status: Status
) -> None:
    found = {one.id: one for one in pings.judge(part, well | change)}
    assert found[identifier].status is status
    assert found[identifier].advice or status is Status.INCONCLUSIVE


@pytest.mark.parametrize(("part", "well"), [("redis", CLUSTER), ("queue", QUEUE), ("api", API)])
def test_a_well_part_passes(part: str, well: dict[str, Any]) -> None:
    assert {one.status for one in pings.judge(part, well)} == {Status.PASS}


def test_a_clusters_table_is_read() -> None:
    table = (
        "aa :7000@17000,, myself,master - 0 0 1 connected 0-5460 5500 [7->-bb]\n"
        "bb 10.0.0.2:7001@17001,host master - 0 0 2 connected 5461-5499\n"
        "cc 10.0.0.3:7002@17002 slave,fail aa 0 0 1 disconnected\n"
    )
    rows = parse_nodes(table, "10.0.0.1:7000")
    assert [(row["address"], row["slots"], row["master"], row["failed"], row["follows"]) for row in rows] == [
        ("10.0.0.1:7000", 5462, True, False, ""),
        ("10.0.0.2:7001", 39, True, False, ""),
        ("10.0.0.3:7002", 0, False, True, "aa"),
    ]


def test_an_old_pgbouncers_pools_are_read() -> None:
    pool = {
        "database": "payaid", "user": "svc", "cl_active": 3, "cl_waiting": 2, "sv_active": 1, "sv_idle": 1,
        "sv_used": 0, "maxwait": 1, "maxwait_us": 500_000, "pool_mode": "session",
    }  # fmt: skip
    facts = pooler.summarise({"max_client_conn": "100"}, [pool, pool | {"database": "pgbouncer"}], [])
    assert (facts["max_client_conn"], facts["waiting"], facts["worst_wait_s"], facts["modes"]) == (
        100, 2, 1.5, ["session"]
    )  # fmt: skip


def answer(status: int = 200, said: str = "payaid-l1; hit", body: str = "x", **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={"cache-status": said, **headers}, text=body)


MISS = answer(said="payaid; fwd=miss")


@pytest.mark.parametrize(
    ("answers", "hit"),
    [
        ([MISS, answer(), answer()], True),
        ([MISS, MISS, MISS], False),
        ([MISS, answer(), answer(body="y")], False),
        ([MISS, answer(500), answer(500)], False),
        ([answer(said=""), answer(said="")], False),
    ],
)
def test_a_cache_is_proven_by_hits_with_the_same_bytes(answers: list[httpx.Response], hit: bool) -> None:
    assert cache.judge_reads(answers)["hit"] is hit


def test_a_limiter_that_lets_everything_through_is_seen() -> None:
    first = httpx.Response(200, headers={"x-ratelimit-limit": "60"})
    open_door = limiter.judge(first, [httpx.Response(200)] * 130)
    assert (open_door["within_limit"], open_door["refused"]) == (False, 0)
    refusal = httpx.Response(429, headers={"retry-after": "9", "content-type": "application/problem+json"})
    held = limiter.judge(first, [httpx.Response(200)] * 59 + [refusal] * 11)
    assert (held["within_limit"], held["refused"], held["retry_after_s"], held["problem"]) == (True, 11, 9, True)


def data_only(stack: Stack) -> Target:
    env = {name: value for name, value in stack.env().items() if name != "API_URL"}
    return Target(env, "the test stack")


def test_the_real_stack_is_well(stack: Stack) -> None:
    report = asyncio.run(ping(data_only(stack), ("redis", "replicas", "pooler", "queue"), 10.0))
    wrong = [one for one in report.findings if one.status in {Status.FAIL, Status.INCONCLUSIVE}]
    assert [one.id for one in wrong] == ["queue.workers"], wrong
    names = {one.id for one in report.findings}
    assert {"redis.cluster_state", "pooler.mode", "replicas.primary", "queue.durable"} <= names


def test_a_read_url_that_is_the_primary_is_found_out(stack: Stack) -> None:
    env = dict(stack.env())
    env["DATABASE_READ_DIRECT_URL"] = env["DATABASE_READ_URL"] = env["DATABASE_LISTEN_URL"]
    facts = asyncio.run(probes.look("replicas", Target(env, "a test"), 5.0))
    assert len(facts["not_standby"]) == 1
    assert facts["replicas"][0]["same_address_as_primary"]


def test_what_is_named_and_silent_fails_and_what_nothing_names_is_skipped() -> None:
    report = asyncio.run(ping(Target({"REDIS_URL": "redis://127.0.0.1:1"}, "a test"), timeout_s=2.0))
    told = {one.id: one.status for one in report.findings}
    assert told["redis.answers"] is Status.FAIL
    assert told["api.named"] is Status.SKIP


def test_a_probe_of_something_unnamed_says_so() -> None:
    with pytest.raises(NotNamed, match="API_URL"):
        asyncio.run(probes.look("api", Target({}, "a test"), 1.0))
