"""Disk, memory, backups, clocks, durability: what the running stack shows, and recorded facts for the other state."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payaidctl.finding import Status
from payaidctl.probes import backups, clocks, disk
from payaidctl.probes import redis as redis_probe
from payaidctl.readiness import catalogue
from payaidctl.readiness.finding import finding
from payaidctl.stack import Stack
from payaidctl.target import Target
from tests.fixtures.database import Database
from tests.readiness.look import asked


def judged(identifier: str, facts: dict[str, Any], profile: str = "ci") -> Status:
    return finding(catalogue.check(identifier), facts, profile).status


@pytest.mark.parametrize(
    "identifier",
    ["capacity.redis_memory", "queue.memory", "environment.clocks", "database.statistics", "replication.feedback"],
)
def test_the_stack_passes(stack: Stack, identifier: str) -> None:
    found = asked(identifier, stack.env())
    assert found.status is Status.PASS, found


@pytest.mark.parametrize(
    ("identifier", "facts", "status"),
    [
        ("queue.memory", {"used_share": 0.9, "used_bytes": 9, "maxmemory_bytes": 10}, Status.FAIL),
        ("queue.memory", {"used_share": None, "used_bytes": 9, "maxmemory_bytes": 0}, Status.SKIP),
        ("database.statistics", {"loaded": True, "created": False}, Status.WARN),
        ("database.durable", {"fsync": True, "full_pages": True, "commit": "on"}, Status.PASS),
        ("database.durable", {"fsync": True, "full_pages": True, "commit": "off"}, Status.FAIL),
        ("replication.feedback", {"replicas": [{"feedback": True}, {"feedback": False}]}, Status.WARN),
        ("capacity.disk", {"database_seen": True, "least_percent": 40.0, "least_free_gb": 90.0}, Status.PASS),
        ("capacity.disk", {"database_seen": True, "least_percent": 4.0, "least_free_gb": 90.0}, Status.FAIL),
        ("capacity.disk", {"database_seen": False, "least_percent": 4.0, "least_free_gb": 1.0}, Status.SKIP),
        ("environment.clocks", clocks.judge({"database": 0.1, "api": 0.0}), Status.PASS),
        ("environment.clocks", clocks.judge({"database": 1.5, "redis": -1.0}), Status.FAIL),
        ("environment.clocks", clocks.judge({}), Status.FAIL),
    ],
)
def test_recorded_facts(identifier: str, facts: dict[str, Any], status: Status) -> None:
    assert judged(identifier, facts) is status


def test_nodes_of_one_machine_are_added_up() -> None:
    def node(port: int, most: int) -> dict[str, Any]:
        return {"address": f"10.0.0.1:{port}", "maxmemory_bytes": most, "machine_bytes": 100, "policy": "x",
                "link": None, "evicted": 0, "keys_calls": 0, "version": "9", "p99_ms": 1.0}  # fmt: skip

    assert judged("capacity.redis_memory", redis_probe._sums([node(1, 30), node(2, 40)])) is Status.PASS
    assert judged("capacity.redis_memory", redis_probe._sums([node(1, 40), node(2, 40)])) is Status.FAIL


def test_the_disk_is_seen_where_the_server_tells_its_folder(stack: Stack) -> None:
    superuser, service = stack.site.postgres("postgres", "primary"), stack.env()["DATABASE_LISTEN_URL"]
    seen = asyncio.run(disk.look(Target({"DATABASE_DIRECT_URL": superuser}, "a test"), 5.0))
    assert seen["places"]["database"]["free_bytes"] > 0
    assert asked("capacity.disk", {"DATABASE_DIRECT_URL": service}).status is Status.SKIP


def test_a_stack_without_fsync_is_not_durable(stack: Stack) -> None:
    with psycopg.connect(stack.env()["DATABASE_DIRECT_URL"]) as connection:
        row = connection.execute("SHOW fsync").fetchone()
    assert row
    expected = Status.PASS if row[0] == "on" else Status.FAIL
    assert asked("database.durable", stack.env()).status is expected


def test_twins_are_found_whatever_their_names(database: Database) -> None:
    env = {"DATABASE_URL": database.owner_url}
    assert asked("indexes.duplicates", env).status is Status.PASS
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute('CREATE INDEX one ON "Contact" (name DESC)')
        connection.execute('CREATE INDEX "Another ON" ON "Contact" (name DESC)')
    found = asked("indexes.duplicates", env)
    assert (found.status, found.observed) == (Status.WARN, "1 twice: one = Another ON")


def test_backups(stack: Stack, tmp_path: Path) -> None:
    env = dict(stack.env())
    assert asked("database.backups", env).status is Status.SKIP
    marker = tmp_path / "backup"
    env["BACKUP_MARKER"] = str(marker)
    assert asked("database.backups", env).status is Status.FAIL
    marker.touch()
    assert asked("database.backups", env).status is Status.PASS
    old = time.time() - 30 * 3600
    os.utime(marker, (old, old))
    assert asked("database.backups", env).status is Status.FAIL


@pytest.mark.parametrize(
    ("archived_h", "failing", "status"),
    [
        (0.5, False, Status.PASS),
        (0.5, True, Status.FAIL),
        (40.0, False, Status.FAIL),
        (None, False, Status.INCONCLUSIVE),
    ],
)
def test_archiving(archived_h: float | None, failing: bool, status: Status) -> None:
    archiver = {"archiving": True, "archived_h": archived_h, "failing": failing}
    assert judged("database.backups", backups.judge(archiver, None, False)) is status
