"""Writing, cancelling and retrying jobs in a request's own transaction, bound to its tenant by row-level security."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from payaid.jobs.tasks import names

PRIORITIES = {"high": 0, "medium": 5, "low": 10}
ADD = "SELECT payaid.job_add(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
ADD_SYSTEM = "SELECT payaid.job_add_system(%s, %s, %s, %s, %s)"

Door = AsyncConnection[Any] | AsyncCursor[Any]


async def enqueue(
    door: Door,
    tenant_id: str,
    task: str,
    payload: Mapping[str, Any],
    *,
    priority: str = "medium",
    dedupe: str | None = None,
    ordered_by: str | None = None,
    not_before: datetime | None = None,
    load_run: str | None = None,
) -> str:
    """Write a job into the transaction that `door` is in, and return its id: it runs if that commits.

    The transaction must carry the tenant setting already. `dedupe`: with a job of this task and key that has not
    started yet, that one's id is returned and nothing is written. `ordered_by`: jobs of one key run one at a time,
    in the order in which they were written (hold the entity's row lock while writing). `load_run` tags a load
    test's jobs, whose outward effects do not happen.

    Raises:
        ValueError: no such task or priority: refused here, not found out by the worker.
    """
    if task not in names():
        raise ValueError(f"no task named {task!r}; there are {', '.join(sorted(names()))}")
    if priority not in PRIORITIES:
        raise ValueError(f"no priority named {priority!r}; there are {', '.join(PRIORITIES)}")
    given = (
        fresh_id(), tenant_id, task, Jsonb(dict(payload)), PRIORITIES[priority], dedupe, ordered_by, not_before,
        load_run,
    )  # fmt: skip
    return str(await _scalar(door, ADD, given))


async def enqueue_system(door: Door, task: str, payload: Mapping[str, Any], *, dedupe: str | None = None) -> str:
    """Write a job that belongs to no tenant; only schedules and the health round trip do."""
    if task not in names():
        raise ValueError(f"no task named {task!r}; there are {', '.join(sorted(names()))}")
    given = (fresh_id(), task, Jsonb(dict(payload)), PRIORITIES["high"], dedupe)
    return str(await _scalar(door, ADD_SYSTEM, given))


async def cancel(door: Door, job_id: str) -> str | None:
    """Ask for a job's end: `cancelled` at once if it waits, `running` until its next beat; None if it is over."""
    state: str | None = await _scalar(door, "SELECT payaid.job_cancel(%s)", (job_id,))
    return state


async def retry(door: Door, job_id: str) -> bool:
    """Do a dead, uncertain or cancelled job again. False: it is in no such state."""
    return bool(await _scalar(door, "SELECT payaid.job_retry(%s)", (job_id,)))


def fresh_id() -> str:
    """A job's id: the same in the table, in Redis, in Message-IDs and in webhook deliveries."""
    return str(uuid.uuid4())


def _connection(door: Door) -> AsyncConnection[Any]:
    return door.connection if isinstance(door, AsyncCursor) else door


async def _scalar(door: Door, query: LiteralString, values: tuple[Any, ...]) -> Any:
    # A cursor of our own: the caller's may make rows of another kind, or be in the middle of a result.
    async with _connection(door).cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()
