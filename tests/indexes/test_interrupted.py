"""Builds that others hold up, cut short or run beside: what is said, what is left, and that the next run ends right."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from payaidctl.errors import Failed, Unreachable
from payaidctl.finding import Status
from payaidctl.indexes import create, verify
from payaidctl.indexes.watch import Moment
from tests.fixtures.postgres15 import Server
from tests.indexes import busy, traffic

PARTITIONED = """
CREATE TABLE "Contact" (id bigserial, "tenantId" text NOT NULL, note text) PARTITION BY LIST ("tenantId");
CREATE TABLE contact_a PARTITION OF "Contact" FOR VALUES IN ('a');
CREATE TABLE contact_b PARTITION OF "Contact" FOR VALUES IN ('b');
CREATE INDEX idx_slow ON "Contact" (note);
CREATE FUNCTION plod(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
INSERT INTO "Contact" ("tenantId", note) SELECT 'a', i FROM generate_series(1, 5000) i;
"""


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = busy.declare(tmp_path)
    monkeypatch.setenv("PAYAID_CONTENT", str(folder))
    monkeypatch.setenv("PAYAID_STATE", str(tmp_path / "state"))
    return folder


@pytest.fixture
def url(server18: Server, content: Path) -> Iterator[str]:
    with server18.database(busy.TABLE) as made:
        yield made


def invalid(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE NOT x.indisvalid"
        ).fetchall()
    return [name for (name,) in found]


def mended(url: str) -> None:
    """A further run ends right, whatever was left."""
    [after] = asyncio.run(create(url, index_set="slow"))
    assert (after.status, after.evidence["state"]) == (Status.PASS, "ok"), after
    assert invalid(url) == []


def test_who_holds_it_up_is_shown_and_the_budget_kept(url: str) -> None:
    async def scenario() -> None:
        moments: list[Moment] = []
        async with busy.old_snapshot(url):
            [given_up] = await create(url, index_set="slow", max_wait_s=0.5, tell=moments.append)
        assert given_up.status is Status.FAIL
        for said in ("waited", "pid ", "postgres (standing in the way)", "idle in transaction", "SELECT * FROM other"):
            assert said in given_up.observed, given_up
        phases = [moment.phase for moment in moments if moment.elapsed_s]
        assert any(phase.startswith("building index") for phase in phases)
        assert phases[-1] == "waiting for old snapshots"
        assert moments[-1].blockers[0].application == "standing in the way"
        assert moments[-1].waited_s > 0.5
        percents = [moment.percent for moment in moments if moment.percent is not None]
        assert percents == sorted(percents)
        assert 0 < percents[-1] <= 100

    asyncio.run(scenario())
    assert invalid(url) == []  # the old snapshot was on another table: the leftover could be dropped at once
    mended(url)


def test_two_runs_do_not_meet(url: str) -> None:
    async def scenario() -> None:
        first = asyncio.create_task(create(url, index_set="slow"))
        async with busy.session(url) as observer:
            await busy.reach(observer, "building index")
            with pytest.raises(Failed, match=r"another run is building indexes in this database \(pid \d+, postgres"):
                await create(url, index_set="slow")
        [built] = await first
        assert built.status is Status.PASS

    asyncio.run(scenario())


def run_cli(url: str) -> "subprocess.Popen[str]":
    program = [sys.executable, "-c", "from payaidctl.cli import main; main()", "create-indexes"]
    command = [*program, "--set", "slow", "--database-url", url, "--yes"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


async def reach_building(url: str) -> None:
    async with busy.session(url) as observer:
        await busy.reach(observer, "building index")


def test_ctrl_c_leaves_nothing(url: str) -> None:
    running = run_cli(url)
    assert running.stderr
    said = next((line for line in running.stderr if "building index" in line), "")
    assert "idx_slow: building index: scanning table, " in said
    assert "%" in said
    running.send_signal(signal.SIGINT)
    _, more = running.communicate(timeout=30)
    assert running.returncode == 130, more
    assert "Traceback" not in more
    assert invalid(url) == []
    mended(url)


def test_killed_outright(url: str) -> None:
    """The server goes on for a while without its client, holding the lock; then the next run mends what is left."""
    running = run_cli(url)
    asyncio.run(reach_building(url))
    running.kill()
    running.communicate(timeout=30)
    asyncio.run(free(url))
    mended(url)


async def free(url: str) -> None:
    """Return when no run holds the advisory lock any more."""

    async def holders() -> list[tuple[int]]:
        found = await observer.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory'")
        return await found.fetchall()

    async with busy.session(url) as observer:
        await busy.until(holders, lambda found: not found, "the lock of the run that was killed")


def test_a_lost_connection_is_said(url: str) -> None:
    async def scenario() -> None:
        building = asyncio.create_task(create(url, index_set="slow"))
        async with busy.session(url) as observer:
            pid = await busy.reach(observer, "building index")
            await observer.execute("SELECT pg_terminate_backend(%s)", [pid])
        [lost] = await building
        assert lost.status is Status.FAIL
        assert "the connection was lost during `CREATE INDEX CONCURRENTLY idx_slow" in lost.observed

    asyncio.run(scenario())
    assert invalid(url) == ["idx_slow"]
    mended(url)


def test_short_locks_hold_nobody_up(server18: Server, content: Path) -> None:
    """A partitioned table under writers, one of which keeps its transaction open: we try briefly, again and again."""

    async def scenario(url: str) -> None:
        moments: list[Moment] = []
        write = """INSERT INTO "Contact" ("tenantId", note) VALUES ('a', %(n)s)"""
        async with traffic.writers(url, [write, write.replace("'a'", "'b'")], never_without=["idx_slow"]) as seen:
            opened = busy.session(url, "BEGIN", """INSERT INTO "Contact" ("tenantId", note) VALUES ('a', 'open')""")
            async with opened as other:
                building = asyncio.create_task(create(url, index_set="slow", tell=moments.append))
                await busy.until(
                    lambda: _tries(moments), lambda tries: tries >= 3, "three attempts at the parent's lock"
                )
                await traffic.some_writes(seen)
                await other.execute("COMMIT")
            [built] = await building
        assert (built.status, built.evidence["state"]) == (Status.PASS, "ok"), built
        assert seen.index_less == set()
        assert 0 < seen.longest_wait_s < 0.2, seen
        assert any(blocker.application == "standing in the way" for moment in moments for blocker in moment.blockers)

    async def _tries(moments: list[Moment]) -> int:
        return sum(1 for moment in moments if moment.blockers and moment.build is None)

    with server18.database(PARTITIONED) as url:
        asyncio.run(scenario(url))
        [after] = asyncio.run(verify(url, index_set="slow", prove=False))
        assert after.status is Status.PASS


def test_an_exclusive_lock_is_inconclusive_not_a_hang(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payaidctl.indexes.session.LOCK_WAIT_S", 0.2)

    async def scenario() -> None:
        async with busy.session(url, "BEGIN", 'LOCK TABLE "Contact"'):
            with pytest.raises(Unreachable, match="somebody holds an exclusive lock"):
                await verify(url, index_set="slow", prove=False)

    asyncio.run(scenario())
