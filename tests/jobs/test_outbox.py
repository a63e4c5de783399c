"""The outbox itself, and workers that come when the jobs are already there."""

import asyncio
import itertools
from typing import Any

import psycopg
import pytest

from payaid.jobs import outbox
from tests.fixtures.jobs import Workplace, until


def test_a_change_that_is_rolled_back_leaves_no_job(workplace: Workplace) -> None:
    async def change_of_mind() -> None:
        async with await psycopg.AsyncConnection.connect(workplace.database.service_url) as connection:
            await connection.execute("SELECT set_config('payaid.tenant_id', 'north', true)")
            await outbox.enqueue(connection, "north", "echo", {})
            await connection.rollback()

    asyncio.run(change_of_mind())
    assert workplace.query('SELECT 1 FROM "Outbox"') == []


def test_nobody_writes_jobs_for_another_tenant(workplace: Workplace) -> None:
    async def trespass() -> None:
        async with await psycopg.AsyncConnection.connect(workplace.database.service_url) as connection:
            await connection.execute("SELECT set_config('payaid.tenant_id', 'south', true)")
            await outbox.enqueue(connection, "north", "echo", {})

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        asyncio.run(trespass())


def test_the_service_cannot_change_a_jobs_state_by_hand(workplace: Workplace) -> None:
    workplace.write("echo")
    with (
        psycopg.connect(workplace.database.service_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("""UPDATE "Outbox" SET state = 'done'""")


def test_an_unknown_task_is_refused_when_written_and_dead_when_it_came_from_elsewhere(workplace: Workplace) -> None:
    with pytest.raises(ValueError, match="no task named 'fax'"):
        workplace.write("fax")
    workplace.worker()
    workplace.query("""INSERT INTO "Outbox" (id, task, "tenantId") VALUES ('other-release', 'fax', 'north')""")
    row = workplace.await_state("other-release", "dead")
    assert "no task named 'fax'" in row["error"]


def test_a_job_with_a_dedupe_key_is_written_once_until_it_starts(workplace: Workplace) -> None:
    first = workplace.write("echo", {"n": 1}, dedupe="login")
    assert workplace.write("echo", {"n": 2}, dedupe="login") == first
    assert workplace.write("echo", {"n": 3}, dedupe="other") != first
    assert workplace.write("echo", {"n": 4}, tenant="south", dedupe="login") != first
    workplace.worker()
    workplace.await_state(first, "done")
    later = workplace.write("echo", {"n": 5}, dedupe="login")
    assert later != first
    workplace.await_state(later, "done")


def test_one_entitys_jobs_run_one_at_a_time_in_the_order_of_their_writing(workplace: Workplace) -> None:
    jobs = [workplace.write("row", {"dawdle": 0.05}, ordered_by="invoice:7") for _ in range(6)]
    workplace.worker()
    workplace.worker()
    workplace.await_all_done()
    rows = [workplace.job(job) for job in jobs]
    for before, after in itertools.pairwise(rows):
        assert before["finishedAt"] <= after["claimedAt"]


def test_tenants_take_turns_and_priorities_come_first(workplace: Workplace) -> None:
    many = workplace.write_all("echo", [{}] * 30, tenant="north")
    few = workplace.write_all("echo", [{}] * 2, tenant="south")
    urgent = workplace.write("echo", tenant="north", priority="high")
    with psycopg.connect(workplace.database.service_url, prepare_threshold=None) as connection:
        taken = connection.execute("SELECT id FROM payaid.jobs_take(100, 100, 10, '')").fetchall()
        beyond = connection.execute("SELECT id FROM payaid.jobs_take(100, 100, 10, '')").fetchall()
    order = [row[0] for row in taken]
    assert order == [urgent, few[0], many[0], few[1], *many[1:9]]  # nine of north's, and the urgent one, are its ten
    assert beyond == []


def test_the_worker_reports_its_figures_while_it_lives(workplace: Workplace) -> None:
    worker = workplace.worker()
    workplace.await_state(workplace.write("echo"), "done")
    name = f"w0-{worker.process.pid}"
    page = workplace.folder / "run" / "metrics" / f"{name}.prom"
    ended = f'payaid_jobs_total{{outcome="done",task="echo",worker="{name}"}} 1.0'

    def figures() -> Any:
        return page.is_file() and ended in page.read_text()

    until(figures, "the figures count the job")
    assert worker.end() == 0
    assert not page.exists()


def test_a_waiting_job_can_be_cancelled_and_never_starts(workplace: Workplace) -> None:
    job = workplace.write("row")
    assert workplace.ask(outbox.cancel, job) == "cancelled"
    workplace.worker()
    workplace.await_state(workplace.write("echo"), "done")
    assert workplace.contacts_of(job) == 0
    assert workplace.job(job)["fence"] == 0
