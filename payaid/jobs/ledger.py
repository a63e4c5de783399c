"""The worker's side of the table: each change of a job's state is one call of a function in sql/schema/011, 012."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncCursor
from psycopg.rows import class_row, dict_row, scalar_row, tuple_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from payaid.db.connection import Connection
from payaid.db.patience import answers_within, bury
from payaid.jobs.outbox import fresh_id
from payaid.jobs.policy import Verdict

Pool = AsyncConnectionPool[Connection]
# A statement here takes milliseconds. A server that is silent for so long is lost, as one whose host vanished.
ANSWER_S = 10.0
# An import's may be large.
COMMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Handed:
    """A job on its way to Redis. `lane` is its tenant, or empty."""

    id: str
    task: str
    priority: int
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a claim: run, busy (for `wait_s` more) or over. `attempts`: how many failed before."""

    verdict: str
    wait_s: float
    tenant: str | None
    task: str
    payload: dict[str, Any]
    attempts: int
    fence: int
    uncertain: int
    lag_s: float
    load_run: str | None


class Ledger:
    """What happened to jobs, over one pool. Every method is one statement, so any pooler will do."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    @asynccontextmanager
    async def taking(self, limit: int, window: int, share: int, after: str) -> AsyncIterator[list[Handed]]:
        """Jobs to hand to Redis; they count as handed when the block ends well, and stay pending when it raises."""
        async with self._transaction() as connection:
            with answers_within(connection, ANSWER_S):
                cursor = connection.cursor(row_factory=class_row(Handed))
                await cursor.execute("SELECT * FROM payaid.jobs_take(%s, %s, %s, %s)", (limit, window, share, after))
                rows = await cursor.fetchall()
            yield rows

    async def claim(self, job_id: str, worker: str, lease_s: float, *, once: bool) -> Claim:
        """Claim a job for a lease. `once`: if a crash left its outward act open, leave it for a person."""
        async with self._asking(class_row(Claim)) as cursor:
            await cursor.execute("SELECT * FROM payaid.job_claim(%s, %s, %s, %s)", (job_id, worker, lease_s, once))
            claim: Claim | None = await cursor.fetchone()
        assert claim is not None  # noqa: S101  (the function always answers one row)
        return claim

    async def act(self, job_id: str, fence: int) -> bool:
        """Record that the outward act begins; False when the job may no longer act."""
        return bool(await self._scalar("SELECT payaid.job_act(%s, %s)", job_id, fence))

    async def done(self, job_id: str, fence: int, result: Any, connection: Connection | None = None) -> bool:
        """End a job well, inside `connection`'s transaction where its effects are; False when it is fenced off."""
        query: LiteralString = "SELECT payaid.job_done(%s, %s, %s)"
        value = None if result is None else Jsonb(storable(result))
        if connection is None:
            return bool(await self._scalar(query, job_id, fence, value))
        cursor = await connection.execute(query, (job_id, fence, value))
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def checkpoint(self, job_id: str, fence: int, state: Any, connection: Connection) -> bool:
        """Record how far a job has come, in `connection`'s transaction; False when it is fenced off."""
        cursor = await connection.execute(
            "SELECT payaid.job_checkpoint(%s, %s, %s)", (job_id, fence, Jsonb(storable(state)))
        )
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def fail(self, job_id: str, fence: int, verdict: Verdict, cause: str) -> bool:
        """End an attempt badly; False when the job is fenced off."""
        query: LiteralString = "SELECT payaid.job_fail(%s, %s, %s, %s, %s, %s)"
        said = storable(cause)
        return bool(await self._scalar(query, job_id, fence, verdict.state, verdict.after_s, verdict.uncertain, said))

    async def release(self, job_id: str, fence: int) -> bool:
        """Give a claim back unused."""
        return bool(await self._scalar("SELECT payaid.job_release(%s, %s)", job_id, fence))

    async def beat(
        self, running: Sequence[tuple[str, int, float | None]], lease_s: float, within_s: float
    ) -> dict[str, bool]:
        """Renew leases; {id: is to be cancelled} of those that are still ours.

        Raises:
            OperationalError: there was no answer within `within_s`.
        """
        ids, fences, progress = zip(*running, strict=True)
        async with self._asking(tuple_row, within_s) as cursor:
            await cursor.execute(
                "SELECT id, cancel FROM payaid.jobs_beat(%s, %s::bigint[], %s::real[], %s)",
                (list(ids), list(fences), list(progress), lease_s),
            )
            return dict(await cursor.fetchall())

    async def strays(self, age_s: float, limit: int = 500) -> list[Handed]:
        """Jobs that Redis should have dealt with `age_s` seconds ago."""
        async with self._asking(class_row(Handed)) as cursor:
            await cursor.execute("SELECT * FROM payaid.jobs_stray(%s, %s)", (age_s, limit))
            return await cursor.fetchall()

    async def census(self) -> list[dict[str, Any]]:
        """Open and dead jobs by task and state: task, state, jobs, oldest_s."""
        async with self._asking(dict_row) as cursor:
            await cursor.execute("SELECT * FROM payaid.jobs_census()")
            return await cursor.fetchall()

    async def fire(
        self, name: str, next_time: datetime, task: str, payload: Mapping[str, Any]
    ) -> tuple[bool, datetime]:
        """Write a schedule's job if its time has come and no other worker did; whether it was us, and when to ask
        again.
        """
        async with self._asking(tuple_row) as cursor:
            await cursor.execute(
                "SELECT fired, next FROM payaid.schedule_fire(%s, %s, %s, %s, %s)",
                (name, next_time, fresh_id(), task, Jsonb(dict(payload))),
            )
            row = await cursor.fetchone()
        assert row is not None  # noqa: S101  (the function always answers one row)
        return row[0], row[1]

    @asynccontextmanager
    async def session(self, tenant_id: str | None) -> AsyncIterator[Connection]:
        """One transaction bound to a tenant (to none: it sees no tenant's rows)."""
        async with self._transaction() as connection:
            with answers_within(connection, ANSWER_S):
                await connection.execute("SELECT set_config('payaid.tenant_id', %s, true)", (tenant_id or "",))
            yield connection

    async def _scalar(self, query: LiteralString, *values: Any) -> Any:
        async with self._asking(scalar_row) as cursor:
            await cursor.execute(query, values)
            return await cursor.fetchone()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """A transaction whose BEGIN and COMMIT are not waited for any longer than may be."""
        async with self.pool.connection() as connection:
            transaction = connection.transaction()
            try:
                with answers_within(connection, ANSWER_S):
                    await transaction.__aenter__()
                try:
                    yield connection
                except BaseException as error:
                    with answers_within(connection, ANSWER_S):
                        if not await transaction.__aexit__(type(error), error, error.__traceback__):
                            raise
                else:
                    with answers_within(connection, COMMIT_S):
                        await transaction.__aexit__(None, None, None)
            finally:
                bury(connection)

    @asynccontextmanager
    async def _asking(self, rows: Any, within_s: float = ANSWER_S) -> AsyncIterator[AsyncCursor[Any]]:
        """A cursor for one statement, whose answer is not waited for any longer than that."""
        async with self.pool.connection(timeout=within_s) as connection:
            try:
                with answers_within(connection, within_s):
                    yield connection.cursor(row_factory=rows)
            finally:
                bury(connection)


def storable(value: Any) -> Any:
    """The same without what PostgreSQL keeps in no text: NUL, and halves of surrogate pairs. Outsiders' answers and the
    errors about them may hold either, and a job whose end cannot be recorded would have none.
    """
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case dict():
            return {storable(name): storable(one) for name, one in value.items()}
        case list() | tuple():
            return [storable(one) for one in value]
        case _:
            return value
