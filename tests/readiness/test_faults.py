"""Faults made for real on the running stack, one at a time: the right check fails, with advice, and passes again."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from redis import Redis

from payaidctl.finding import ExitStatus, Finding, Status, Stopwatch
from payaidctl.indexes import create
from payaidctl.readiness.run import run
from payaidctl.seed.plan import Parameters
from payaidctl.seed.run import seed
from payaidctl.stack import Stack
from payaidctl.target import Target
from tests.eventually import eventually
from tests.fixtures.database import Database
from tests.readiness.look import asked

Env = dict[str, str]
Fault = Callable[[Database, Env], Iterator[None]]


def findings(env: Mapping[str, str], *areas: str) -> dict[str, Finding]:
    """The checks of some areas on a system with no service, by id."""
    target = Target({name: value for name, value in env.items() if name != "API_URL"}, "a test", embedded=True)
    report = asyncio.run(run(target, "ci", timeout_s=3.0, areas=areas, told=lambda _: None))
    return {finding.id: finding for finding in report.findings}


def queue_evicts(database: Database, env: Env) -> Iterator[None]:
    with Redis.from_url(env["QUEUE_REDIS_URL"]) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            yield
        finally:
            client.config_set("maxmemory-policy", "noeviction")


def read_url_is_the_primary(database: Database, env: Env) -> Iterator[None]:
    env["DATABASE_READ_DIRECT_URL"] = env["DATABASE_READ_URL"] = env["DATABASE_LISTEN_URL"]
    yield


def replay_stands_still(database: Database, env: Env) -> Iterator[None]:
    with (
        psycopg.connect(database.stack.site.postgres("postgres", "replica"), autocommit=True) as replica,
        psycopg.connect(env["DATABASE_DIRECT_URL"], autocommit=True) as primary,
    ):
        replica.execute("SELECT pg_wal_replay_pause()")
        try:
            for _ in range(3):  # something to replay, flushed
                primary.execute("CREATE TABLE public.fault (); DROP TABLE public.fault")
            yield
        finally:
            replica.execute("SELECT pg_wal_replay_resume()")


def direct_url_is_the_pooler(database: Database, env: Env) -> Iterator[None]:
    env["DATABASE_DIRECT_URL"] = env["DATABASE_URL"]
    yield


def secret_ends_in_a_newline(database: Database, env: Env) -> Iterator[None]:
    env["JWT_SECRET"] += "\n"
    yield


def secret_is_a_placeholder(database: Database, env: Env) -> Iterator[None]:
    env["JWT_SECRET"] = "change-me-in-production-change-me-in-production"
    yield


def queue_is_the_caches(database: Database, env: Env) -> Iterator[None]:
    env["REDIS_URL"] = env["QUEUE_REDIS_URL"]
    yield


def limits_are_switched_off(database: Database, env: Env) -> Iterator[None]:
    env["RATE_LIMITS"] = "false"
    yield


def pooler_is_in_session_mode(database: Database, env: Env) -> Iterator[None]:
    env["DATABASE_URL"] = "postgresql://postgres.ref:pass@aws-0-ap-south-1.pooler.supabase.com:5432/postgres"
    yield


def cache_is_switched_off(database: Database, env: Env) -> Iterator[None]:
    env["CACHE"] = "false"
    yield


def somebody_calls_keys(database: Database, env: Env) -> Iterator[None]:
    with cache_node(env) as node:
        node.keys("no-such-key:*")
        try:
            yield
        finally:
            node.config_resetstat()


def a_slot_has_no_master(database: Database, env: Env) -> Iterator[None]:
    with cache_node(env) as node:
        mine = str(node.execute_command("CLUSTER", "MYID"))
        row = next(line for line in str(node.execute_command("CLUSTER", "NODES")).splitlines() if line.startswith(mine))
        slot = int(row.split()[8].partition("-")[0])
        node.execute_command("CLUSTER", "DELSLOTS", slot)
        try:
            yield
        finally:
            node.execute_command("CLUSTER", "ADDSLOTS", slot)


@contextmanager
def cache_node(env: Env) -> Iterator[Any]:
    """The first master of the cluster."""
    for address in env["REDIS_CLUSTER_NODES"].split(","):
        host, _, port = address.partition(":")
        with Redis(host, int(port), password=env["REDIS_PASSWORD"], decode_responses=True) as client:
            if client.info("replication")["role"] == "master":
                yield client
                return
    raise AssertionError("a cluster has masters")


def the_replica_is_stopped(database: Database, env: Env) -> Iterator[None]:
    database.stack.stop(["replica"])
    try:
        yield
    finally:
        database.stack.start(["replica"])


def a_table_is_without_walls(database: Database, env: Env) -> Iterator[None]:
    change = 'ALTER TABLE "Deal" {} ROW LEVEL SECURITY'
    yield from statements(env, change.format("NO FORCE"), change.format("FORCE"))


def the_service_owns_a_table(database: Database, env: Env) -> Iterator[None]:
    superuser = env | {"DATABASE_DIRECT_URL": database.superuser_url}
    # Not one of ours: a table that changes hands and back has lost what the service may do with it.
    yield from statements(
        superuser, "CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO payaid_service", "DROP TABLE theirs"
    )


def an_index_is_invalid(database: Database, env: Env) -> Iterator[None]:
    """As CREATE INDEX CONCURRENTLY leaves it when it dies."""
    superuser = env | {"DATABASE_DIRECT_URL": database.superuser_url}
    mark = "UPDATE pg_index SET indisvalid = {} WHERE indexrelid = 'idx_deal_contact_fk'::regclass"
    yield from statements(superuser, mark.format("false"), mark.format("true"))


def an_index_is_missing(database: Database, env: Env) -> Iterator[None]:
    made = 'CREATE INDEX idx_user_tenant_fk ON "User" ("tenantId")'
    yield from statements(env, "DROP INDEX idx_user_tenant_fk", made)


def statements(env: Env, make: str, mend: str) -> Iterator[None]:
    with psycopg.connect(env["DATABASE_DIRECT_URL"], autocommit=True) as connection:
        connection.execute(make.encode())
        try:
            yield
        finally:
            connection.execute(mend.encode())


FAULTS = [
    (somebody_calls_keys, "cache.no_keys"),
    (a_slot_has_no_master, "cache.cluster_state"),
    (the_replica_is_stopped, "replication.standby"),
    (a_table_is_without_walls, "security.row_walls"),
    (the_service_owns_a_table, "security.service_role"),
    (an_index_is_invalid, "indexes.roadmap"),
    (an_index_is_invalid, "indexes.none_invalid"),
    (an_index_is_missing, "indexes.roadmap"),
    (queue_evicts, "queue.noeviction"),
    (read_url_is_the_primary, "replication.standby"),
    (replay_stands_still, "replication.moving"),
    (direct_url_is_the_pooler, "environment.in_effect"),
    (secret_ends_in_a_newline, "environment.values"),
    (secret_is_a_placeholder, "environment.values"),
    (queue_is_the_caches, "queue.own_redis"),
    (cache_is_switched_off, "cache.enabled"),
    (limits_are_switched_off, "limiter.enabled"),
    (pooler_is_in_session_mode, "environment.values"),
]
REAL = {identifier for _, identifier in FAULTS} | {"database.durable"}


@pytest.fixture(scope="module")
def ready(module_database: Database) -> Database:
    """A database with the roadmap's indexes, and enough rows for them to be of use."""
    asyncio.run(seed(module_database.owner_url, Parameters(tenants=10, contacts=100, seed=7, as_of=date(2026, 4, 1))))
    asyncio.run(create(module_database.owner_url))
    module_database.await_replay()
    return module_database


@pytest.mark.parametrize(("fault", "identifier"), FAULTS, ids=[f"{fault.__name__}-{one}" for fault, one in FAULTS])
def test_the_right_check_fails_and_passes_again(ready: Database, fault: Fault, identifier: str) -> None:
    with contextmanager(fault)(ready, env := dict(ready.env)):
        found = asked(identifier, env, embedded=True)
        assert found.status is Status.FAIL, found
        assert found.advice
        assert Stopwatch("readiness", "a test").report([found]).exit_status is ExitStatus.FAIL
    deadline = time.monotonic() + 20
    while (found := asked(identifier, ready.env, embedded=True)).status is not Status.PASS:
        assert time.monotonic() < deadline, found.observed


def test_a_server_that_confirms_before_it_has_written_is_found_and_mended(stack: Stack) -> None:
    """The tests' own stack runs without fsync, for speed: that is the fault."""
    admin = stack.site.postgres("postgres", "primary", "postgres")

    def durable() -> Status:
        return findings(stack.env(), "database")["database.durable"].status

    with psycopg.connect(admin, autocommit=True) as connection:
        was = connection.execute("SHOW fsync").fetchone()
        for value, expected in (("off", Status.FAIL), ("on", Status.PASS)):
            connection.execute(f"ALTER SYSTEM SET fsync = {value}".encode())
            connection.execute("SELECT pg_reload_conf()")
            eventually(lambda expected=expected: durable() is expected, f"fsync {value} is {expected}", 10.0)
        assert was
        connection.execute("ALTER SYSTEM RESET fsync")
        connection.execute("SELECT pg_reload_conf()")


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
