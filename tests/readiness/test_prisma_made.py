"""The existing system's database, as Prisma makes it, and nothing else: what is asked of it, and what is left out."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from payaidctl.finding import ExitStatus, Finding, Report, Status
from payaidctl.readiness.run import run
from payaidctl.target import Target
from tests.fixtures.postgres15 import Server

SCHEMA = (Path(__file__).parent.parent / "indexes" / "prisma.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report(server18: Server) -> Iterator[Report]:
    """Readiness of a database whose URL is all that is known, for the whole profile."""
    with server18.database(SCHEMA) as url:
        yield asyncio.run(run(Target({"DATABASE_URL": url}, "a test"), "roadmap", timeout_s=5.0, told=lambda _: None))


def by_id(report: Report) -> dict[str, Finding]:
    return {finding.id: finding for finding in report.findings if not finding.id.startswith("checklist.")}


def test_the_faults_planted_there_are_found(report: Report) -> None:
    found = by_id(report)
    assert (found["indexes.roadmap"].status, report.exit_status) == (Status.FAIL, ExitStatus.FAIL)
    assert "idx_contact_list_covering: different" in found["indexes.roadmap"].observed
    assert found["indexes.duplicates"].status is Status.WARN
    assert "User_tenantId_idx = idx_user_tenant_fk" in found["indexes.duplicates"].observed
    assert found["security.row_walls"].status is Status.FAIL


def test_what_asks_the_database_alone_is_answered(report: Report) -> None:
    found = by_id(report)
    answered = ["capacity.connections", "database.analysed", "database.long_transactions", "database.wraparound",
                "indexes.foreign_keys", "indexes.none_invalid", "replication.slots", "environment.values"]  # fmt: skip
    assert {one: found[one].status for one in answered} == dict.fromkeys(answered, Status.PASS)


def test_what_nothing_names_is_skipped_and_nothing_is_in_doubt(report: Report) -> None:
    found = by_id(report)
    assert not [one for one in found.values() if one.status is Status.INCONCLUSIVE]
    areas = {"cache", "limiter", "load", "observability", "queue", "warming"}
    told = {one.status for one in found.values() if one.id.partition(".")[0] in areas}
    assert told == {Status.SKIP}


def test_no_item_is_done_by_a_default(report: Report) -> None:
    """Without a service nothing was cached, limited, warmed, queued or measured, whatever its switches default to."""
    items = {finding.id: finding.status for finding in report.findings if finding.id.startswith("checklist.")}
    assert Status.PASS not in items.values()
    assert items["checklist.01"] is Status.FAIL
