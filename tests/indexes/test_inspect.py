"""The inspections: each runs on each version, finds what was put there, and says what to do about it."""

import asyncio
import functools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from payaidctl.cli import app
from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Status
from payaidctl.inspection import Row, combine, findings, inspection, inspections, look, parse, summary, table
from tests.fixtures.postgres15 import Server
from tests.indexes import busy

ALL = sorted(inspections())
SETUP = """
CREATE TABLE parent (id int PRIMARY KEY, "tenantId" text NOT NULL DEFAULT 't', UNIQUE ("tenantId", id));
CREATE TABLE child (id int, "tenantId" text, parent int, indexed int, rare int,
    CONSTRAINT bare FOREIGN KEY (parent) REFERENCES parent, CONSTRAINT covered FOREIGN KEY (indexed) REFERENCES parent,
    CONSTRAINT partly FOREIGN KEY (rare) REFERENCES parent,
    CONSTRAINT walled FOREIGN KEY ("tenantId", parent) REFERENCES parent ("tenantId", id));
INSERT INTO parent SELECT i FROM generate_series(1, 10) i;
INSERT INTO child SELECT i, 't', 1, 1, NULL FROM generate_series(1, 2000) i;
CREATE INDEX child_indexed ON child (indexed);
CREATE INDEX child_rare ON child (rare) WHERE rare IS NOT NULL;
CREATE INDEX child_tenant ON child ("tenantId");
CREATE INDEX child_tenant_id ON child ("tenantId", id);
CREATE INDEX child_tenant_id_again ON child ("tenantId", id);
CREATE INDEX child_tenant_id_down ON child ("tenantId", id DESC);
CREATE INDEX child_dead ON child (id);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'child_dead'::regclass;
ANALYZE;
CREATE TABLE never (id int);
INSERT INTO never SELECT generate_series(1, 500);
"""


@pytest.fixture(scope="module")
def url(server: Server) -> Iterator[str]:
    with server.database(SETUP) as made:
        yield made


def found(url: str, identifier: str) -> dict[str, Finding]:
    seen = asyncio.run(look(inspection(identifier), {"primary": url}))
    return {one.id: one for one in findings(seen)}


@pytest.mark.parametrize("identifier", ALL)
def test_each_runs_and_keeps_its_contract(url: str, identifier: str) -> None:
    seen = asyncio.run(look(inspection(identifier), {"primary": url, "replica": url}))
    assert seen.status in {Status.PASS, Status.SKIP}, seen
    for row in seen.rows:
        assert set(seen.inspection.key) <= set(row)
        assert Status(row["status"]) in {Status.PASS, Status.WARN, Status.FAIL, Status.INCONCLUSIVE}
        assert row["advice"] or row["status"] == "pass", row
    assert len(table(seen)["rows"]) == len(seen.rows)
    assert summary(seen)


def test_a_missing_foreign_key_index(url: str) -> None:
    rows = found(url, "missing-fk")
    assert set(rows) == {"missing-fk.child.bare", "missing-fk.child.walled"}
    assert rows["missing-fk.child.bare"].status is Status.WARN
    assert rows["missing-fk.child.bare"].advice == "CREATE INDEX CONCURRENTLY ON child (parent)"


def test_duplicates_and_prefixes(url: str) -> None:
    rows = found(url, "duplicates")
    again = rows["duplicates.public.child_tenant_id_again"]
    assert (again.evidence["kind"], again.evidence["covered_by"]) == ("duplicate", "child_tenant_id")
    prefix = rows["duplicates.public.child_tenant"]
    assert prefix.evidence["kind"] == "prefix"
    assert not {"duplicates.public.child_tenant_id", "duplicates.public.child_tenant_id_down"} & set(rows)
    assert "duplicates.public.parent_pkey" not in rows


def test_an_invalid_index_fails(url: str) -> None:
    dead = found(url, "indexes")["indexes.public.child_dead"]
    assert dead.status is Status.FAIL
    assert "DROP INDEX CONCURRENTLY" in dead.advice


def test_a_table_that_was_never_analysed(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
    never = found(url, "vacuum")["vacuum.public.never"]
    assert (never.status, never.advice) == (Status.WARN, "ANALYZE public.never")


def test_who_waits_for_whom(url: str) -> None:
    async def scenario() -> list[Finding]:
        holder = await psycopg.AsyncConnection.connect(url, application_name="a forgotten console")
        await holder.execute("LOCK TABLE child")
        waiter = await psycopg.AsyncConnection.connect(url, autocommit=True)
        waiting = asyncio.create_task(waiter.execute("SELECT count(*) FROM child"))
        try:
            ask = functools.partial(look, inspection("blocking"), {"primary": url})
            rows = (await busy.until(ask, lambda seen: seen.rows, "the waiter")).rows
            locks = await look(inspection("locks"), {"primary": url})
            assert {row["relation"] for row in locks.rows} == {"child"}
            assert rows[0]["blocked_by"] == holder.info.backend_pid
            assert rows[0]["application"] == "a forgotten console"
            assert str(holder.info.backend_pid) in rows[0]["advice"]
            return findings(await look(inspection("blocking"), {"primary": url}))
        finally:
            await holder.close()
            await waiting
            await waiter.close()

    blocked = asyncio.run(asyncio.wait_for(scenario(), 20))
    assert blocked[0].status in {Status.WARN, Status.FAIL}


def unused(scans: int, status: str = "warn") -> Row:
    return {"schema": "public", "index": "i", "table": "t", "scans": scans, "status": status, "advice": status}


def test_unused_is_unused_on_every_server() -> None:
    """Read on a replica only: it stays. Unused everywhere, but the replica's statistics are young: not told yet."""
    one = inspection("unused")
    assert combine(one, {"primary": [unused(0)], "replica": [unused(7)]}) == []
    assert combine(one, {"primary": [unused(0)], "replica": [unused(0)]}) == [unused(0)]
    [young] = combine(one, {"primary": [unused(0)], "replica": [unused(0, "inconclusive")]})
    assert young["status"] == "inconclusive"


def test_young_statistics_say_so(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_reset()")
    rows = found(url, "unused")
    assert rows["unused.public.child_indexed"].status is Status.INCONCLUSIVE
    assert "look again when they cover a full week" in rows["unused.public.child_indexed"].advice


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("-- title: a\n-- why: b\n-- servers: each\nSELECT 1", ":1: the header has no `key`"),
        ("-- title: a\n-- colour: red\nSELECT 1", ":2: no header line"),
        ("-- title: a\n-- why: b\n-- servers: some\n-- key: c\nSELECT 1", "servers is `some`"),
    ],
)
def test_a_file_that_breaks_the_contract_is_named(tmp_path: Path, text: str, mistake: str) -> None:
    path = tmp_path / "broken.sql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        parse(path)
    assert f"{path}" in str(refused.value)
    assert mistake in str(refused.value)


def test_the_command(url: str) -> None:
    listed = CliRunner().invoke(app, ["inspect", "--list"])
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ALL
    explained = CliRunner().invoke(app, ["inspect", "missing-fk", "--explain"])
    assert explained.stdout.startswith("-- title: Foreign keys")
    told = CliRunner().invoke(app, ["inspect", "indexes", "--database-url", url])
    assert told.exit_code == 1  # child_dead
    assert "child_tenant_id_again" in told.stdout
    unknown = CliRunner().invoke(app, ["inspect", "nonsense", "--database-url", url])
    assert isinstance(unknown.exception, UsageError)
