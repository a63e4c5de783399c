"""The migration runner: applies once, names what is wrong, and refuses what it must not touch."""

import asyncio
import shutil
from pathlib import Path

import psycopg
import pytest

from payaid.content import content
from payaidctl.errors import Failed, Unreachable, UsageError
from payaidctl.schema import State, declared, migrate, status
from payaidctl.stack import Stack
from tests.fixtures.database import Database
from tests.fixtures.schema import Place

FIRST = "-- A table.\nCREATE TABLE payaid.one (id int);\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one migration."""
    made = tmp_path / "schema"
    made.mkdir()
    (made / "001_first.sql").write_text(FIRST)
    return made


def states(url: str, folder: Path) -> list[tuple[str, State]]:
    return [(step.title, step.state) for step in asyncio.run(status(url, folder))]


def test_everything_is_applied_once(blank: Place) -> None:
    planned = asyncio.run(migrate(blank.owner, plan=True))
    assert [one.duration_ms for one in planned] == [None] * len(declared())
    assert {step.state for step in asyncio.run(status(blank.owner))} == {State.PENDING}
    applied = asyncio.run(migrate(blank.owner))
    assert [one.title for one in applied] == [one.title for one in planned]
    assert asyncio.run(migrate(blank.owner)) == []
    assert {step.state for step in asyncio.run(status(blank.owner))} == {State.APPLIED}


def test_two_runs_at_once_apply_each_file_once(blank: Place) -> None:
    async def both() -> list[int]:
        return [len(done) for done in await asyncio.gather(migrate(blank.owner), migrate(blank.owner))]

    assert sorted(asyncio.run(both())) == [0, len(declared())]


def test_an_edited_file_is_named(blank: Place, folder: Path) -> None:
    asyncio.run(migrate(blank.owner, folder=folder))
    (folder / "001_first.sql").write_text(FIRST + "-- edited\n")
    assert states(blank.owner, folder) == [("001_first.sql", State.CHANGED)]
    with pytest.raises(UsageError, match=r"001_first\.sql was edited"):
        asyncio.run(migrate(blank.owner, folder=folder))


def test_a_database_from_a_newer_release_is_left_alone(blank: Place, folder: Path) -> None:
    (folder / "002_second.sql").write_text("-- Nothing.\nSELECT 1;\n")
    asyncio.run(migrate(blank.owner, folder=folder))
    (folder / "002_second.sql").unlink()
    assert states(blank.owner, folder)[1] == ("002_second.sql", State.MISSING)
    with pytest.raises(UsageError, match=r"002_second.sql .* does not know"):
        asyncio.run(migrate(blank.owner, folder=folder))


def test_a_late_number_is_refused(blank: Place, folder: Path) -> None:
    (folder / "005_fifth.sql").write_text("-- Nothing.\nSELECT 1;\n")
    asyncio.run(migrate(blank.owner, folder=folder))
    (folder / "003_third.sql").write_text("-- Nothing.\nSELECT 1;\n")
    with pytest.raises(UsageError, match=r"003_third.sql is older than the last one applied \(005\)"):
        asyncio.run(migrate(blank.owner, folder=folder))


def test_a_mistake_is_named_by_line_and_rolled_back(blank: Place, folder: Path) -> None:
    (folder / "002_wrong.sql").write_text(
        "-- Half of it works.\nCREATE TABLE payaid.two (id int);\n\nSELECT no_such();\n"
    )
    with pytest.raises(Failed, match=r"002_wrong.sql:4: function no_such\(\) does not exist; it was rolled back"):
        asyncio.run(migrate(blank.owner, folder=folder))
    assert states(blank.owner, folder) == [("001_first.sql", State.APPLIED), ("002_wrong.sql", State.PENDING)]
    with blank.connect() as connection:
        found = connection.execute("SELECT to_regclass('payaid.one')::text AS one, to_regclass('payaid.two') AS two")
        assert found.fetchone() == {"one": "payaid.one", "two": None}


def test_a_file_may_do_without_a_transaction(blank: Place, folder: Path) -> None:
    (folder / "002_index.sql").write_text(
        "-- An index, without a lock.\n-- transaction: off\n"
        "CREATE INDEX CONCURRENTLY one_id ON payaid.one (id);\n-- next\nVACUUM payaid.one;\n"
    )
    assert len(asyncio.run(migrate(blank.owner, folder=folder))) == 2


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("2_short.sql", "-- x\n", "not a migration's name"),
        ("002_headless.sql", "SELECT 1;\n", "header comment is missing"),
        ("001_twin.sql", "-- x\n", "same number"),
        ("002_option.sql", "-- x\n-- transaction: maybe\n", "means nothing"),
    ],
)
def test_a_malformed_file_is_refused_before_anything_runs(folder: Path, name: str, text: str, complaint: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(UsageError, match=complaint):
        declared(folder)


def test_prismas_database_is_refused(blank: Place) -> None:
    with blank.connect() as connection:
        connection.execute('CREATE TABLE public._prisma_migrations (id text); CREATE TABLE public."Contact" (id text)')
    for plan in (True, False):
        with pytest.raises(UsageError, match="its tables were made by Prisma"):
            asyncio.run(migrate(blank.owner, plan=plan))


def test_somebody_elses_database_is_refused(blank: Place) -> None:
    with blank.connect() as connection:
        connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.article (id int)")
    with pytest.raises(UsageError, match="not ours: it has 1 tables"):
        asyncio.run(migrate(blank.owner))


def test_an_unfit_role_is_told_why(blank: Place) -> None:
    with pytest.raises(UsageError, match="a superuser would own"):
        asyncio.run(migrate(blank.superuser))
    with pytest.raises(UsageError, match="subject to row-level security"):
        asyncio.run(migrate(blank.service))


def test_nobody_home(blank: Place) -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        asyncio.run(migrate("postgresql://payaid_owner:secret@127.0.0.1:1/payaid"))


def test_a_standby_and_a_pooler_are_refused(stack: Stack, database: Database) -> None:
    with pytest.raises(UsageError, match="is a standby"):
        asyncio.run(migrate(database.replica_owner_url))
    if database.env.get("PGBOUNCER_ADMIN_URL"):
        with pytest.raises(UsageError, match="behind a pooler"):
            asyncio.run(migrate(database.service_url))


def test_a_held_table_is_waited_for_and_then_named(blank: Place, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payaidctl.schema.runner.LOCK_TIMEOUT", "200ms")
    asyncio.run(migrate(blank.owner, folder=folder))
    (folder / "002_more.sql").write_text("-- A column.\nALTER TABLE payaid.one ADD more int;\n")
    with psycopg.connect(blank.owner) as holder:
        holder.execute("LOCK TABLE payaid.one IN ACCESS SHARE MODE")
        with pytest.raises(Failed, match="lock timeout") as caught:
            asyncio.run(migrate(blank.owner, folder=folder))
    assert "another session holds the table" in caught.value.advice
    assert len(asyncio.run(migrate(blank.owner, folder=folder))) == 1


def test_an_operators_own_copy_is_what_runs(blank: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(content("sql/schema"), tmp_path / "sql" / "schema")
    (tmp_path / "sql" / "schema" / "900_local.sql").write_text("-- Ours alone.\nSELECT 1;\n")
    monkeypatch.setenv("PAYAID_CONTENT", str(tmp_path))
    assert asyncio.run(migrate(blank.owner))[-1].title == "900_local.sql"
