"""`payaidctl grants`: a role with what it prints, and no more, does the command's work; without it, it does not."""

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import date

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from payaidctl import grants, inspection
from payaidctl.cli import app
from payaidctl.finding import Finding, Status
from payaidctl.indexes import create, verify
from payaidctl.seed.plan import Parameters
from payaidctl.seed.run import seed
from payaidctl.target import Target
from tests.fixtures.database import Database

Granted = Callable[[str], str]
PASSWORD = "a-test-role-of-one-session"  # a role that lives for one test


@pytest.fixture(scope="module")
def seeded(module_database: Database) -> Database:
    """A few tenants, and the roadmap's indexes."""
    asyncio.run(seed(module_database.owner_url, Parameters(tenants=2, contacts=300, seed=3, as_of=date(2026, 4, 1))))
    asyncio.run(create(module_database.owner_url))
    return module_database


@pytest.fixture
def granted(seeded: Database) -> Iterator[Granted]:
    """Makes a role with a command's grants, for the time of a test; gives its URL."""
    made: list[str] = []

    def make(command: str) -> str:
        role = f"op_{command.replace('-', '_')}_{os.getpid()}"
        with psycopg.connect(seeded.superuser_url, autocommit=True) as admin:
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(PASSWORD))
            )
            made.append(role)
            names = ["--role", role, "--database", seeded.name]
            printed = CliRunner().invoke(app, ["grants", command, *names])
            assert printed.exit_code == 0
            admin.execute(printed.stdout.encode())
        place = seeded.superuser_url.partition("@")[2]
        return f"postgresql://{role}:{PASSWORD}@{place}"

    yield make
    with psycopg.connect(seeded.superuser_url, autocommit=True) as admin:
        for role in made:
            admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def statuses(findings: list[Finding]) -> dict[str, Status]:
    return {finding.id: finding.status for finding in findings}


def test_verify_indexes_sees_what_the_owner_sees(seeded: Database, granted: Granted) -> None:
    owner = asyncio.run(verify(seeded.owner_url))
    assert set(statuses(owner).values()) <= {Status.PASS, Status.WARN}
    assert statuses(asyncio.run(verify(granted("verify-indexes")))) == statuses(owner)
    assert statuses(asyncio.run(verify(granted("readiness")))) == statuses(owner)
    # Without a word on the tables nothing is proven, and that is said: no pass, and no crash.
    assert Status.INCONCLUSIVE in statuses(asyncio.run(verify(granted("inspect")))).values()


def test_inspect_needs_nothing_else(granted: Granted) -> None:
    report = asyncio.run(inspection.inspect(Target({"DATABASE_URL": granted("inspect")}, "a test"), None, 5.0))
    refused = [one for one in report.findings if "permission" in one.observed or "GRANT" in one.advice]
    assert not refused
    assert len({finding.id.partition(".")[0] for finding in report.findings}) == len(inspection.inspections())


def test_the_readers_may_not_write(seeded: Database, granted: Granted) -> None:
    for command in ("verify-indexes", "inspect", "ping", "check-env", "readiness"):
        with psycopg.connect(granted(command), autocommit=True) as connection:
            for statement in ('UPDATE "Contact" SET name = name', "CREATE TABLE public.mine ()", 'DELETE FROM "User"'):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_create_indexes_may_index(seeded: Database, granted: Granted) -> None:
    url = granted("create-indexes")
    with psycopg.connect(seeded.owner_url, autocommit=True) as owner:
        owner.execute("DROP INDEX idx_deal_contact_fk")
    found = statuses(asyncio.run(create(url)))
    assert Status.FAIL not in found.values()
    with psycopg.connect(seeded.owner_url) as owner:
        assert owner.execute("SELECT to_regclass('idx_deal_contact_fk') IS NOT NULL").fetchone() == (True,)


def test_names_are_quoted_and_unknown_commands_named() -> None:
    text = grants.grants("inspect", {"role": 'o"dd', "database": "Pay Aid", "owner": "x"})
    assert 'ON DATABASE "Pay Aid" TO "o""dd";' in text
    refused = CliRunner().invoke(app, ["grants", "launch"])
    assert refused.exit_code != 0
