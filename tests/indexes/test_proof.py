"""Proof on our own schema, seeded: the service's own statements and role, on the primary and on the replica."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from payaidctl.cli import app
from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Status
from payaidctl.indexes import create, verify
from payaidctl.indexes.create import plans
from payaidctl.seed.plan import Parameters
from payaidctl.seed.run import seed
from tests.fixtures.database import Database

WRONG = """-- serves: GET /api/v1/crm/contacts?status={status}
-- why: made to fail: it leads with a column that the statement does not ask for
-- probe: SELECT id FROM "Contact" WHERE "tenantId" = {tenantId} AND status = {status}
CREATE INDEX idx_wrong ON "Contact" (city, "createdAt");
"""


@pytest.fixture(scope="module")
def seeded(module_database: Database) -> Iterator[Database]:
    """A few tenants with their data, and every declared index."""
    asyncio.run(seed(module_database.owner_url, Parameters(8, 250, 42, date(2026, 4, 1))))
    built = asyncio.run(create(module_database.owner_url, index_set="all"))
    assert {one.status for one in built} == {Status.PASS}, built
    module_database.await_replay()
    return module_database


def proven(database: Database, index_set: str = "roadmap", **more: bool) -> dict[str, Finding]:
    found = asyncio.run(
        verify(
            database.owner_url,
            index_set=index_set,
            replicas=[database.read_direct_url],
            service_url=database.listen_url,
            **more,
        )
    )
    return {one.evidence["index"]: one for one in found}


def test_the_eleven_can_serve_what_the_service_sends(seeded: Database) -> None:
    found = proven(seeded)
    assert len(found) == 11
    for name, one in found.items():
        assert one.status in {Status.PASS, Status.WARN}, one
        assert one.evidence["proof"]["canServe"] is True, one
        primary, replica = one.evidence["proof"]["servers"]
        assert (primary["server"], replica["server"]) == ("primary", "replica"), name
        assert replica["used"] == primary["used"], one
    assert found["idx_contact_tenant_status_created"].evidence["proof"]["explained"] == "the service's statement"
    assert "replica: Index Scan" in found["idx_contact_tenant_status_created"].observed


def test_the_second_set_is_proven_too(seeded: Database) -> None:
    found = proven(seeded, "service")
    unable = [one for one in found.values() if one.evidence["proof"]["canServe"] is not True]
    assert unable == []
    assert found["idx_contact_tenant_created"].evidence["proof"]["servers"][0]["used"] is True


def test_search_is_proven_inside_the_definer_function(seeded: Database) -> None:
    """As the service's role the index could not be used: `@@` is not leakproof. The function runs as its owner."""
    search = proven(seeded)["idx_contact_search"]
    assert search.evidence["proof"]["explained"] == "the query inside payaid.contact_search"
    assert search.evidence["proof"]["servers"][0]["node"] == "Bitmap Heap Scan"
    assert search.evidence["proof"]["servers"][1]["node"] == "Bitmap Heap Scan"


def test_a_better_sibling_is_named(seeded: Database) -> None:
    covering = proven(seeded)["idx_contact_list_covering"]
    assert covering.status is Status.WARN
    assert covering.evidence["proof"]["how"] == "alone on an empty copy, by leakproof operators"
    assert "primary prefers idx_contact_tenant_status_created (" in covering.observed
    assert "idx_contact_tenant_status_created serves the same statement better" in covering.advice


def test_measured_on_request(seeded: Database) -> None:
    primary, replica = proven(seeded, analyze=True)["idx_deal_tenant_stage_value"].evidence["proof"]["servers"]
    assert primary["timeMs"] > 0
    assert replica["buffers"] > 0


def test_an_index_that_cannot_serve_fails(seeded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sql" / "indexes" / "wrong"
    folder.mkdir(parents=True)
    (folder / "idx_wrong.sql").write_text(WRONG, encoding="utf-8")
    monkeypatch.setenv("PAYAID_CONTENT", str(tmp_path))
    with psycopg.connect(seeded.owner_url, autocommit=True) as connection:
        connection.execute('CREATE INDEX idx_wrong ON "Contact" (city, "createdAt")')
        try:
            seeded.await_replay()
            wrong = proven(seeded, "wrong")["idx_wrong"]
        finally:
            connection.execute("DROP INDEX idx_wrong")
    assert wrong.status is Status.FAIL
    assert "cannot serve: not even alone on an empty copy" in wrong.observed


def test_proof_waits_for_no_writer_and_stops_none(seeded: Database) -> None:
    """It takes no lock on the tables that a writer's would not let through: an open transaction does not matter."""
    with psycopg.connect(seeded.owner_url) as writer:
        writer.execute('UPDATE "Contact" SET name = name WHERE id = (SELECT min(id) FROM "Contact")')
        found = proven(seeded)
        assert {one.evidence["proof"]["canServe"] for one in found.values()} == {True}
        writer.rollback()


def test_under_row_level_security_nothing_is_guessed(seeded: Database) -> None:
    """The service's role sees no rows without a tenant: it cannot say which values are real."""
    found = asyncio.run(verify(seeded.listen_url))
    hidden = [one for one in found if one.status is Status.INCONCLUSIVE]
    assert hidden
    assert all("not proven" in one.observed for one in hidden)


def test_a_standby_can_be_verified_and_not_changed(seeded: Database) -> None:
    found = asyncio.run(verify(seeded.replica_owner_url, prove=False))
    assert {one.status for one in found} == {Status.PASS}
    with pytest.raises(UsageError, match="is a standby"):
        asyncio.run(plans(seeded.replica_owner_url))


def test_a_pooler_is_refused(seeded: Database) -> None:
    if seeded.service_url == seeded.listen_url:
        pytest.skip("PgBouncer is not installed")
    with pytest.raises(UsageError, match="is a pooler") as refused:
        asyncio.run(create(seeded.service_url))
    assert "DATABASE_DIRECT_URL" in refused.value.advice


def test_a_dead_replica_is_inconclusive(seeded: Database) -> None:
    nowhere = "postgresql://payaid_service@127.0.0.1:1/payaid"
    found = asyncio.run(verify(seeded.owner_url, only=["idx_user_tenant_fk"], replicas=[nowhere]))
    assert [one.status for one in found if one.id == "replica.1"] == [Status.INCONCLUSIVE]


def test_nearly_empty_and_never_analysed(database: Database) -> None:
    only = ["idx_contact_tenant_status_created"]
    asyncio.run(create(database.owner_url))
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        [empty] = asyncio.run(verify(database.owner_url, only=only))
        assert empty.status is Status.INCONCLUSIVE
        assert "is nearly empty (0 rows)" in empty.observed
        assert "payaidctl seed" in empty.advice
        connection.execute("""INSERT INTO "Tenant" (id, name) VALUES ('t', 'T')""")
        connection.execute('DROP TABLE "Task"')
        connection.execute('CREATE TABLE "Task" (id text, "tenantId" text, status text, "dueDate" timestamptz)')
        connection.execute('CREATE INDEX idx_task_tenant_status_due ON "Task" ("tenantId", status, "dueDate")')
        [never] = asyncio.run(verify(database.owner_url, only=["idx_task_tenant_status_due"]))
    assert never.status is Status.INCONCLUSIVE
    assert '"Task" was never analysed' in never.observed
    assert never.advice == 'ANALYZE public."Task";'


def test_the_command_says_the_same_in_every_format(
    seeded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit status does not depend on the format; the table reads on 100 columns."""
    monkeypatch.setenv("PAYAID_STATE", str(tmp_path / "state"))
    env = tmp_path / "env"
    env.write_text(
        f"DATABASE_DIRECT_URL={seeded.owner_url}\nDATABASE_LISTEN_URL={seeded.listen_url}\n"
        f"DATABASE_READ_DIRECT_URL={seeded.read_direct_url}\n"
    )
    answers = {}
    for output in ("text", "json", "junit", "markdown", "github"):
        command = ["verify-indexes", "--env-file", str(env), "--output", output, "--only", "idx_deal_*"]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        answers[output] = result.stdout
    assert len(json.loads(answers["json"])["findings"]) == 2
    rows = [line for line in answers["text"].splitlines() if line[2:].startswith("idx_deal_")]
    assert len(rows) == 2
    assert all(len(row) <= 100 for row in rows), rows
    assert "primary/replica" in answers["text"]
    missing = CliRunner().invoke(app, ["verify-indexes", "--env-file", str(env), "--only", "idx_nowhere"])
    assert missing.exit_code != 0


def test_looking_through_a_pooler_leaves_nothing_on_its_connections(seeded: Database) -> None:
    """A session's SET would stay on the pooler's connection, for whoever gets it next."""
    if seeded.service_url == seeded.listen_url:
        pytest.skip("PgBouncer is not installed")
    asyncio.run(verify(seeded.service_url, replicas=[seeded.read_url]))
    for url in (seeded.service_url, seeded.read_url):
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            for setting in ("lock_timeout", "statement_timeout", "enable_seqscan"):
                row = connection.execute("SELECT current_setting(%s), boot_val FROM pg_settings WHERE name = %s",
                                         [setting, setting]).fetchone()  # fmt: skip
                assert row is not None
                assert row[0] in {row[1], "0", "on"}, (setting, row)
