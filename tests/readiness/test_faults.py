"""Faults made for real on the running stack, one at a time: the right check fails, with advice, and passes again."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import psycopg
import pytest
from redis import Redis

from payaidctl.finding import Finding, Status
from payaidctl.readiness.run import run
from payaidctl.stack import Stack
from payaidctl.target import Target

DATA = ("queue", "replication", "environment", "pooler", "cache", "database", "security", "indexes")
Env = dict[str, str]
Fault = Callable[[Stack, Env], Iterator[None]]


def findings(env: Mapping[str, str], *areas: str) -> dict[str, Finding]:
    """The checks of some areas on a system with no service, by id."""
    target = Target({name: value for name, value in env.items() if name != "API_URL"}, "a test", embedded=True)
    report = asyncio.run(run(target, "ci", timeout_s=3.0, areas=areas, told=lambda _: None))
    return {finding.id: finding for finding in report.findings}


def queue_evicts(stack: Stack, env: Env) -> Iterator[None]:
    with Redis.from_url(env["QUEUE_REDIS_URL"]) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            yield
        finally:
            client.config_set("maxmemory-policy", "noeviction")


def read_url_is_the_primary(stack: Stack, env: Env) -> Iterator[None]:
    env["DATABASE_READ_DIRECT_URL"] = env["DATABASE_READ_URL"] = env["DATABASE_LISTEN_URL"]
    yield


def replay_stands_still(stack: Stack, env: Env) -> Iterator[None]:
    with (
        psycopg.connect(stack.site.postgres("postgres", "replica"), autocommit=True) as replica,
        psycopg.connect(env["DATABASE_DIRECT_URL"], autocommit=True) as primary,
    ):
        replica.execute("SELECT pg_wal_replay_pause()")
        try:
            for _ in range(3):  # something to replay, flushed
                primary.execute("CREATE TABLE public.fault (); DROP TABLE public.fault")
            yield
        finally:
            replica.execute("SELECT pg_wal_replay_resume()")


def direct_url_is_the_pooler(stack: Stack, env: Env) -> Iterator[None]:
    env["DATABASE_DIRECT_URL"] = env["DATABASE_URL"]
    yield


def secret_ends_in_a_newline(stack: Stack, env: Env) -> Iterator[None]:
    env["JWT_SECRET"] += "\n"
    yield


def secret_is_a_placeholder(stack: Stack, env: Env) -> Iterator[None]:
    env["JWT_SECRET"] = "change-me-in-production-change-me-in-production"
    yield


def queue_is_the_caches(stack: Stack, env: Env) -> Iterator[None]:
    env["REDIS_URL"] = env["QUEUE_REDIS_URL"]
    yield


def cache_is_switched_off(stack: Stack, env: Env) -> Iterator[None]:
    env["CACHE"] = "false"
    yield


FAULTS = [
    (queue_evicts, "queue.noeviction"),
    (read_url_is_the_primary, "replication.standby"),
    (replay_stands_still, "replication.moving"),
    (direct_url_is_the_pooler, "environment.in_effect"),
    (secret_ends_in_a_newline, "environment.values"),
    (secret_is_a_placeholder, "environment.values"),
    (queue_is_the_caches, "queue.own_redis"),
    (cache_is_switched_off, "cache.enabled"),
]


@pytest.mark.parametrize(("fault", "identifier"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_the_right_check_fails_and_passes_again(stack: Stack, fault: Fault, identifier: str) -> None:
    area = identifier.split(".", maxsplit=1)[0]
    with contextmanager(fault)(stack, env := dict(stack.env())):
        found = findings(env, area)[identifier]
        assert found.status is Status.FAIL, found
        assert found.advice
    assert findings(stack.env(), area)[identifier].status is Status.PASS


def test_without_a_service_the_databases_checks_run_and_the_rest_is_skipped(stack: Stack) -> None:
    alone = {"DATABASE_URL": stack.env()["DATABASE_DIRECT_URL"]}
    found = findings(alone, "database", "cache", "limiter", "queue", "observability")
    assert found["database.wraparound"].status is Status.PASS
    for name in ("cache.endpoints", "limiter.enforced", "queue.round_trip", "observability.metrics"):
        assert found[name].status is Status.SKIP, found[name]


def test_what_is_named_and_silent_is_inconclusive_within_its_time(stack: Stack) -> None:
    silent = {"DATABASE_URL": "postgresql://u@127.0.0.1:1/x", "QUEUE_REDIS_URL": "redis://127.0.0.1:1"}
    begun = time.monotonic()
    found = findings(silent, "database", "queue")
    assert {one.status for one in found.values()} == {Status.INCONCLUSIVE}
    assert time.monotonic() - begun < 10
