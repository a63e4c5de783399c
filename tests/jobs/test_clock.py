"""Schedules fire once for all workers; housekeeping forgets what is over."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from payaid.jobs import tasks
from payaid.jobs.ledger import Ledger
from payaid.jobs.policy import Pace
from payaid.jobs.schedule import SCHEDULES, Schedule, Timetable
from payaid.jobs.worker import open_pool
from tests.fixtures.jobs import Workplace

MIDNIGHT = Schedule("overdue", "0 0 * * *", "echo", {"from": "the timetable"})


def with_ledger(workplace: Workplace, work: Callable[[Ledger], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        pool = open_pool(workplace.database.settings(), "payaid test", 1, 4)
        async with pool:
            return await work(Ledger(pool))

    return asyncio.run(run())


def test_times_are_indian() -> None:
    evening = datetime(2026, 4, 1, 18, 29, tzinfo=UTC)  # 23:59 in India
    assert MIDNIGHT.next_after(evening) == evening + timedelta(minutes=1)
    assert MIDNIGHT.next_after(evening + timedelta(minutes=1)) == evening + timedelta(days=1, minutes=1)


def test_every_schedule_names_a_task_and_itself_once() -> None:
    assert {one.task for one in SCHEDULES} <= tasks.names()
    assert len({one.name for one in SCHEDULES}) == len(SCHEDULES)


def test_a_schedule_fires_once_however_many_workers_and_missed_times(workplace: Workplace) -> None:
    async def fire(ledger: Ledger) -> list[list[str]]:
        timetables = [Timetable(ledger, Pace(), (MIDNIGHT,)) for _ in range(4)]
        now = datetime.now(UTC)
        first = await asyncio.gather(*(one.fire_due(now) for one in timetables))
        assert first == [[], [], [], []]  # seen for the first time: not before its next time
        workplace.query("UPDATE payaid.schedule SET next = now() - interval '3 days'")
        fresh = [Timetable(ledger, Pace(), (MIDNIGHT,)) for _ in range(4)]
        return list(await asyncio.gather(*(one.fire_due(now) for one in fresh)))

    fired = with_ledger(workplace, fire)
    assert sorted(fired) == [[], [], [], ["overdue"]]
    (job,) = workplace.query('SELECT task, payload, "tenantId" FROM "Outbox"')
    assert job == {"task": "echo", "payload": {"from": "the timetable"}, "tenantId": None}
    (schedule,) = workplace.query("SELECT next > now() AS ahead FROM payaid.schedule")
    assert schedule["ahead"]


def test_a_schedule_that_was_made_more_frequent_is_not_held_by_its_old_time(workplace: Workplace) -> None:
    async def declare(ledger: Ledger) -> Any:
        now = datetime.now(UTC)
        await Timetable(ledger, Pace(), (Schedule("s", "0 0 1 1 *", "echo"),)).fire_due(now)
        await Timetable(ledger, Pace(), (Schedule("s", "* * * * *", "echo"),)).fire_due(now)

    with_ledger(workplace, declare)
    (schedule,) = workplace.query("SELECT next < now() + interval '61 seconds' AS soon FROM payaid.schedule")
    assert schedule["soon"]


def test_housekeeping_forgets_what_is_long_over_and_nothing_else(workplace: Workplace) -> None:
    old_jobs = """
        INSERT INTO "Outbox" (id, task, state, "finishedAt", "tenantId") VALUES
            ('done-8-days', 'echo', 'done', now() - interval '8 days', 'north'),
            ('done-6-days', 'echo', 'done', now() - interval '6 days', 'north'),
            ('dead-80-days', 'echo', 'dead', now() - interval '80 days', 'south'),
            ('dead-91-days', 'echo', 'dead', now() - interval '91 days', 'south'),
            ('waits', 'echo', 'uncertain', now() - interval '91 days', 'south')"""
    keys = """
        INSERT INTO "IdempotencyKey" (key, "requestHash", "createdAt", "tenantId") VALUES
            ('old', 'x', now() - interval '25 hours', 'north'), ('new', 'x', now(), 'north')"""
    workplace.query(old_jobs)
    workplace.query(keys)
    old, new = (workplace.folder / "files" / "t-north" / name / "contacts.csv" for name in ("old", "new"))
    for path, hours in ((old, 26), (new, 24)):
        path.parent.mkdir(parents=True)
        path.write_text("x")
        os.utime(path, (time.time() - hours * 3600,) * 2)
    workplace.worker()
    row = workplace.await_state(workplace.write("housekeeping"), "done")
    assert row["result"] == {"files": 1, "jobs": 2, "idempotencyKeys": 1}
    assert (old.exists(), new.exists()) == (False, True)
    left = {one["id"] for one in workplace.query("""SELECT id FROM "Outbox" WHERE task = 'echo'""")}
    assert left == {"done-6-days", "dead-80-days", "waits"}


def test_uploads_that_a_job_may_still_read_outlive_their_age(workplace: Workplace) -> None:
    files = workplace.folder / "files" / "t-north"
    jobs = {"waits": ("scheduled", 0), "doubt": ("uncertain", 90), "dead": ("dead", 6), "cancelled": ("cancelled", 6),
            "done": ("done", 6), "long-dead": ("dead", 8)}  # fmt: skip
    for name, (state, days) in jobs.items():
        path = files / name / "upload.csv"
        path.parent.mkdir(parents=True)
        path.write_text("name\n")
        os.utime(path, (time.time() - 100 * 3600,) * 2)
        workplace.query(
            """INSERT INTO "Outbox" (id, task, payload, state, "notBefore", "finishedAt", "tenantId") VALUES (%s,
               'bulk_import', jsonb_build_object('upload', %s::text, 'resource', 'crm/contacts', 'mode', 'skip-bad'),
               %s, now() + interval '1 day', now() - %s * interval '1 day', 'north')""",
            name, f"{name}/upload.csv", state, days,
        )  # fmt: skip
    workplace.worker()
    row = workplace.await_state(workplace.write("housekeeping"), "done")
    assert row["result"]["files"] == 2
    assert {path.name for path in files.iterdir()} == {"waits", "doubt", "dead", "cancelled"}


def test_tenants_in_use_are_kept_warm_once_each(workplace: Workplace) -> None:
    workplace.query("""INSERT INTO "User" (id, email, "tenantId") VALUES ('u', 'u@north.example', 'north'),
                       ('v', 'v@south.example', 'south') ON CONFLICT DO NOTHING""")
    workplace.query("""UPDATE "Tenant" SET "licensedModules" = '{crm}' WHERE id = 'north'""")
    workplace.query("""INSERT INTO "Session" (id, "userId", "refreshHash", "createdAt", "expiresAt", "tenantId") VALUES
        ('a', 'u', 'a', now(), now() + interval '1 day', 'north'),
        ('b', 'u', 'b', now(), now() + interval '1 day', 'north'),
        ('c', 'v', 'c', now() - interval '1 hour', now() + interval '1 day', 'south')""")
    with psycopg.connect(workplace.database.service_url, prepare_threshold=None) as connection:
        for _ in range(2):
            connection.execute("SELECT payaid.warm_hot_tenants('20 minutes', 200)")
    assert workplace.query('SELECT task, payload, "tenantId" FROM "Outbox"') == [
        {"task": "warm", "payload": {"modules": ["crm"]}, "tenantId": "north"}
    ]
