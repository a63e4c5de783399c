"""The real service on the real stack: a smoke run passes, tags what it writes, mails nobody, and cleans up."""

import asyncio
from collections.abc import Callable
from datetime import date

import psycopg
import pytest

from payaidctl.finding import Status, Verdict
from payaidctl.load.cast import read_tenants
from payaidctl.load.cleanup import remove
from payaidctl.load.session import Options, Session
from payaidctl.seed.plan import Parameters
from payaidctl.seed.run import seed
from payaidctl.target import Target
from tests.fixtures.api import Api
from tests.fixtures.load import Rehearsal

TAGGED = ("Contact", "Deal", "Task", "Invoice")
MIX = {"sales_rep": "50 %", "accountant": "15 %", "manager": "10 %", "mobile": "15 %", "integration": "10 %"}


def counts(url: str, run: str | None) -> dict[str, int]:
    """Rows of every tagged table: those of the run, or those of nobody's."""
    condition = '"loadRun" IS NULL' if run is None else f"\"loadRun\" = '{run}'"
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}" WHERE {condition}').fetchone()[0]  # type: ignore[index]
            for table in TAGGED
        }


@pytest.mark.timeout(180)
def test_a_run_passes_tags_its_rows_mails_nobody_and_cleans_up(api: Api, rehearse: Callable[[str], Rehearsal]) -> None:
    url = api.database.owner_url
    asyncio.run(seed(url, Parameters(tenants=12, contacts=30, seed=42, as_of=date(2026, 4, 1))))
    before = counts(url, None)
    api_url = f"http://127.0.0.1:{api.env['PORT']}"
    rehearsal = rehearse(api_url)
    target = Target(dict(api.env) | {"API_URL": api_url}, "a test")
    profile = rehearsal.profile(users=20, mix=MIX, think="0.8-1.6 s", plateau="10 s", logins="6 /min",
                                thresholds=["errors <= 0 %", "p95 < 5 s", "primary-reads < 60 %"])  # fmt: skip
    session = Session(target, profile, Options(), read_tenants)
    report = asyncio.run(session.run())
    assert report.verdict is not Verdict.FAIL, [f for f in report.findings if f.status is Status.FAIL]
    assert not report.facts["notWatched"]
    assert report.facts["watched"]["replica1"]["selects"] > 0

    written = counts(url, session.name)
    assert sum(written.values()) > 0
    assert counts(url, None) == before  # nothing was written without its tag, and nothing of others changed hands
    with psycopg.connect(url) as connection:
        untagged = connection.execute(
            """SELECT count(*) FROM "Outbox" WHERE "loadRun" IS NULL AND "createdAt" > to_timestamp(%s)
               AND (task LIKE 'email%%' OR task LIKE 'webhook%%')""",
            (session.window.start,),
        ).fetchone()
    assert untagged == (0,)  # what would go outside knows that a load run caused it, and stays inside

    removed = asyncio.run(remove(target, session.name))
    assert {one.table: one.rows for one in removed if one.table in written} == written
    assert all(one.left == 0 for one in removed)
    assert counts(url, None) == before
