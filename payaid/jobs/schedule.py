"""What runs by the clock: one list. A schedule writes a job, once for all workers; times are Indian."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import structlog
from croniter import croniter  # type: ignore[attr-defined]

from payaid.jobs.ledger import Ledger
from payaid.jobs.policy import Pace

INDIA = ZoneInfo("Asia/Kolkata")
log = structlog.get_logger("payaid.jobs.schedule")


@dataclass(frozen=True, slots=True)
class Schedule:
    """One line of the timetable: a cron expression in Indian time, and the task that it starts."""

    name: str
    cron: str
    task: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def next_after(self, now: datetime) -> datetime:
        """The first time strictly after `now`, in UTC."""
        following: datetime = croniter(self.cron, now.astimezone(INDIA)).get_next(datetime)  # type: ignore[no-untyped-call]
        return following.astimezone(UTC)


SCHEDULES: tuple[Schedule, ...] = (
    # Statistics, the shortest-lived of what is warmed, are fresh for two minutes.
    Schedule("warm-hot", "* * * * *", "warm_hot"),
    Schedule("housekeeping", "*/10 * * * *", "housekeeping"),
    # A bill that was due yesterday is overdue from midnight on; a few minutes later still is the first day.
    Schedule("mark-overdue", "0 0 * * *", "overdue", {"task": "mark_overdue"}),
    # A reminder reads better in office hours.
    Schedule("remind-overdue", "0 10 * * *", "overdue", {"task": "remind_overdue"}),
)


class Timetable:
    """Fires schedules. The table holds each one's next time, so workers agree and a restart misses nothing."""

    def __init__(self, ledger: Ledger, pace: Pace, schedules: tuple[Schedule, ...] = SCHEDULES) -> None:
        self._ledger = ledger
        self._pace = pace
        self._schedules = schedules
        self._ask_at: dict[str, datetime] = {}

    async def run(self) -> None:
        """Fire until cancelled."""
        while True:
            try:
                await self.fire_due(datetime.now(UTC))
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("schedules_stopped", error=str(error) or type(error).__name__)
            await asyncio.sleep(self._pace.schedule_s)

    async def fire_due(self, now: datetime) -> list[str]:
        """Fire those whose time has come; their names."""
        fired = []
        for one in self._schedules:
            if now < self._ask_at.get(one.name, now):
                continue
            ours, self._ask_at[one.name] = await self._ledger.fire(one.name, one.next_after(now), one.task, one.payload)
            if ours:
                log.info("schedule_fired", schedule=one.name, task=one.task)
                fired.append(one.name)
        return fired
