"""Every hostile database gets the verdict that a person would give: on each version, and without temporary tables."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from payaidctl.finding import Finding, Status
from payaidctl.indexes import create, verify
from payaidctl.indexes.create import plans
from tests.fixtures.postgres15 import Server
from tests.indexes.corpus import CASES, Case

SERVES = {"ok", "equivalent", "redundant"}
HEADER = "-- serves: nothing of ours\n-- why: a case of the corpus\n-- probe: SELECT 1\n"


@pytest.fixture(scope="module")
def corpus(server: Server) -> Iterator[str]:
    """One database for all cases; each has a schema of its own."""
    with server.database() as url:
        yield url


@pytest.fixture
def case(
    request: pytest.FixtureRequest, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    """The case's schema, made by its SQL, and its declaration as the only one of a set called `corpus`."""
    given: Case = request.param
    folder = tmp_path / "sql" / "indexes" / "corpus"
    folder.mkdir(parents=True)
    name = '"' + given.index.replace('"', '""') + '"'
    statement = f"CREATE {'UNIQUE ' if given.unique else ''}INDEX {name} {given.declared};\n"
    (folder / f"{given.index}.sql").write_text(HEADER + statement, encoding="utf-8")
    monkeypatch.setenv("PAYAID_CONTENT", str(tmp_path))
    schema = sql.Identifier(schema_of(given))
    with psycopg.connect(corpus, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute(sql.SQL("SET search_path = {}").format(schema))
        setup, _, dying = given.table.partition("--concurrently")
        if setup.strip() or given.there:
            connection.execute(f"{setup}; {given.there}")
        if dying:
            with pytest.raises(psycopg.Error):
                connection.execute(dying)
        yield given
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(schema))


def schema_of(case: Case) -> str:
    return f"Case {CASES.index(case)}"


def verified(url: str, case: Case, *, copies: bool = True) -> Finding:
    [finding] = asyncio.run(verify(url, index_set="corpus", schema=schema_of(case), prove=False, copies=copies))
    return finding


by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name, indirect=True)


@by_name
def test_verdict(case: Case, corpus: str) -> None:
    expected = Status.WARN if case.cautioned or case.state == "redundant" else Status.PASS
    for copies in (True, False):
        finding = verified(corpus, case, copies=copies)
        assert finding.evidence["state"] == case.state, (copies, finding)
        assert case.says in f"{finding.observed} {finding.advice}", (copies, finding)
        assert finding.status is (expected if case.state in SERVES else Status.FAIL), (copies, finding)


@by_name
def test_repair(case: Case, corpus: str) -> None:
    """Repaired, or refused for the right reason; and a second run has nothing to do."""
    [mended] = asyncio.run(create(corpus, index_set="corpus", schema=schema_of(case)))
    if case.fixed in SERVES:
        assert mended.evidence["state"] == case.fixed, mended
        assert mended.status in {Status.PASS, Status.WARN}, mended
        [again] = asyncio.run(plans(corpus, index_set="corpus", schema=schema_of(case)))
        assert again.steps == ()
        assert leftovers(corpus, case) == []
    else:
        assert mended.status is Status.FAIL, mended
        assert case.fixed in mended.observed, mended


def leftovers(url: str, case: Case) -> list[str]:
    """Indexes of ours that should not be there when all is done; one that enforces uniqueness is kept on purpose."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_index x ON x.indexrelid = c.oid"
            " WHERE n.nspname = %s AND (c.relname ~ '__(new|old)$' OR NOT x.indisvalid AND c.relname <> 'other')"
            " AND NOT x.indisunique AND NOT c.relispartition",
            [schema_of(case)],
        ).fetchall()
    return [name for (name,) in found]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
