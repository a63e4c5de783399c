"""Runs planned steps on a busy primary: concurrent builds with patience, short locks in brief attempts.

Two connections: the worker runs the statements and holds the advisory lock, so a second run sees that the first one
is alive for exactly as long as the server is still at work for it; the watcher looks at the worker from outside.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection, errors

from payaidctl.errors import Failed, UsageError
from payaidctl.indexes.canonical import SEARCH_PATH
from payaidctl.indexes.session import Server, open_connection
from payaidctl.indexes.steps import Kind, Step
from payaidctl.indexes.watch import Blocker, Moment, Watcher

# Writers queue behind a lock that we wait for, so we wait no longer than this for one; a statement that got its
# locks and still takes long (many partitions) gives up soon after.
LOCK_TIMEOUT_MS = 100
SHORT_STATEMENT_MS = 180
SHORT_BUDGET_S = 60.0
CLEANUP_S = 5
# The first half keeps our advisory locks apart from other programs'.
LOCK_CLASS = 0x50415944

Tell = Callable[[Moment], None]

HOLDER = """
SELECT l.pid, coalesce(a.application_name, ''), a.usename::text,
       coalesce(extract(epoch FROM now() - a.backend_start), 0)::float8
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid::int8 = %s
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

DEAD = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %(name)s AND NOT x.indisvalid AND c.relkind = 'i'
"""


class Blocked(Failed):
    """The wait budget is spent; the message names who held us up."""


def refuse(server: Server) -> None:
    """Refuse a server on which this cannot work.

    Raises:
        UsageError: a standby, or a pooler in between.
    """
    if server.standby:
        raise UsageError(
            f"{server.address} is a standby: indexes are made on the primary and arrive here by replication",
            "set DATABASE_DIRECT_URL to the primary",
        )
    if server.pooled:
        raise UsageError(
            f"{server.address} is a pooler: CREATE INDEX CONCURRENTLY, SET and advisory locks break through it",
            "set DATABASE_DIRECT_URL to the server itself (Supabase: port 5432 of db.<ref>.supabase.co)",
        )


class Builder:
    """Runs steps, one after the other."""

    def __init__(self, worker: AsyncConnection[Any], watcher: Watcher, *, max_wait_s: float | None, tell: Tell) -> None:
        self.worker = worker
        self.watcher = watcher
        self.max_wait_s = max_wait_s
        self.tell = tell

    async def run(self, step: Step) -> None:
        """Run one step to its end.

        Raises:
            Blocked: others held us up for longer than the budget; nothing unfinished is left unless it says so.
            Failed: Postgres refused it.
        """
        try:
            if step.kind is Kind.SHORT:
                await self._short(step)
            else:
                await self._patient(step)
        except psycopg.OperationalError as error:
            if self.worker.closed:
                advice = "run this again: it finishes or replaces what was left behind"
                raise Failed(f"the connection was lost during `{step.statements[0]}`", advice) from error
            raise Failed(f"`{step.statements[0]}`: {_primary(error)}", "see the server's log") from error
        except psycopg.Error as error:
            left = await self._clear(step)
            advice = "mend what it names and run again"
            raise Failed(f"`{step.statements[0]}`: {_primary(error)}{left}", advice) from error

    async def _short(self, step: Step) -> None:
        """Try in brief attempts with growing pauses: while we wait for a lock, others queue behind us."""
        began = time.monotonic()
        budget = self.max_wait_s or SHORT_BUDGET_S
        pause = 0.05
        while True:
            watching = asyncio.create_task(self.watcher.first_blockers())
            try:
                async with self.worker.transaction():
                    await self.worker.execute(
                        f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS};"
                        f"SET LOCAL statement_timeout = {SHORT_STATEMENT_MS}".encode()
                    )
                    for statement in step.statements:
                        await self.worker.execute(statement.encode())
            except (errors.LockNotAvailable, errors.QueryCanceled):
                blockers = await _ended(watching)
            else:
                watching.cancel()
                return
            waited = time.monotonic() - began
            self.tell(Moment(step, waited, blockers=blockers, waited_s=waited))
            if waited > budget:
                raise _blocked(step, waited, blockers)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 2.0)

    async def _patient(self, step: Step) -> None:
        """Run a concurrent statement without any timeout, and watch it. It blocks nobody, however long it waits."""
        running = asyncio.create_task(self._execute(step.statements[0]))
        try:
            async for moment in self.watcher.moments(step, running):
                self.tell(moment)
                if self.max_wait_s is not None and moment.waited_s > self.max_wait_s:
                    await self.worker.cancel_safe()
                    with suppress(errors.QueryCanceled):
                        await running
                        return  # it ended in the moment in which we gave it up
                    left = await self._clear(step)
                    raise _blocked(step, moment.waited_s, moment.blockers, left)
            await running
        except errors.QueryCanceled as error:
            left = await self._clear(step)
            raise Failed(f"`{step.statements[0]}` was cancelled by somebody{left}", "run this again") from error
        except asyncio.CancelledError:
            await self.worker.cancel_safe()
            with suppress(psycopg.Error):
                await asyncio.shield(running)
            await self._clear(step)
            raise
        finally:
            running.cancel()

    async def _execute(self, statement: str) -> None:
        await self.worker.execute(statement.encode())

    async def _clear(self, step: Step) -> str:
        """Drop what the cancelled build left, if that goes quickly; say so where it does not."""
        if step.kind is not Kind.BUILD:
            return ""
        try:
            await self.worker.execute(f"SET statement_timeout = '{CLEANUP_S}s'".encode())
            cursor = await self.worker.execute(DEAD, {"name": step.makes})
            for (name,) in await cursor.fetchall():
                await self.worker.execute(f"DROP INDEX CONCURRENTLY {name}".encode())
            await self.worker.execute("SET statement_timeout = 0")
        except psycopg.Error:
            return f"; {step.makes} is left behind, invalid, and the next run replaces it"
        return ""


@asynccontextmanager
async def building(
    url: str, server: Server, schema: str, *, max_wait_s: float | None = None, tell: Tell, timeout_s: float = 5
) -> AsyncIterator[Builder]:
    """A builder with its two connections, and the advisory lock that keeps a second run out.

    Raises:
        Failed: another run is at work in this database.
        UsageError: a standby or a pooler.
    """
    refuse(server)
    worker = await open_connection(url, "create-indexes", timeout_s)
    async with worker:
        await worker.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0")
        # A build whose client is gone ends by itself instead of going on for nobody.
        await worker.execute("SET client_connection_check_interval = '5s'")
        await worker.execute(SEARCH_PATH.replace(", true)", ", false)").encode(), {"schema": schema})
        await _lock(worker)
        looking = await open_connection(url, "create-indexes (watching)", timeout_s)
        async with looking:
            yield Builder(worker, Watcher(looking, worker.info.backend_pid), max_wait_s=max_wait_s, tell=tell)


async def _lock(worker: AsyncConnection[Any]) -> None:
    cursor = await worker.execute("SELECT pg_try_advisory_lock(%s, 0)", [LOCK_CLASS])
    row = await cursor.fetchone()
    if row and row[0]:
        return
    held = await (await worker.execute(HOLDER, [LOCK_CLASS])).fetchone()
    who = f" (pid {held[0]}, {held[2]}, {held[1]}, for {held[3]:.0f} s)" if held else ""
    raise Failed(f"another run is building indexes in this database{who}", "wait until it has ended, then run again")


def _blocked(step: Step, waited_s: float, blockers: tuple[Blocker, ...], left: str = "") -> Blocked:
    who = "; ".join(map(str, blockers)) or "others"
    return Blocked(
        f"`{step.statements[0]}` waited {waited_s:.0f} s for {who}{left}",
        "end that session, or allow more with --max-wait, and run this again",
    )


async def _ended(watching: "asyncio.Task[tuple[Blocker, ...]]") -> tuple[Blocker, ...]:
    """Whom the watch had seen; a watch that saw nobody is ended."""
    if not watching.done():
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        return ()
    return watching.result()


def _primary(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).strip()
