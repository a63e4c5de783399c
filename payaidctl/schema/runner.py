"""Bring a database to the declared schema, one file after the other, under a session lock."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg

from payaidctl.errors import Failed, UsageError
from payaidctl.schema.declared import Migration, declared
from payaidctl.schema.server import connect, look, require_able, require_ours

LOCK = 0x7061796169640001  # "payaid", 1: one migration at a time per database
PATIENCE_S = 60.0
# A migration that waits for a table makes everybody else wait behind it.
LOCK_TIMEOUT = "10s"
Connection = psycopg.AsyncConnection[dict[str, Any]]
Progress = Callable[[str], None]

BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS payaid;
CREATE TABLE IF NOT EXISTS payaid.migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    "appliedAt" timestamptz NOT NULL DEFAULT now(),
    "durationMs" integer NOT NULL
);
"""
RECORD = 'INSERT INTO payaid.migration (version, name, checksum, "durationMs") VALUES (%s, %s, %s, %s)'
BLOCKERS = """
SELECT a.pid, a.usename, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32 | l.objid::bigint) = %s
"""


class State(StrEnum):
    """Where one migration stands."""

    APPLIED = "applied"
    PENDING = "pending"
    CHANGED = "changed"  # the file was edited after it was applied
    MISSING = "missing"  # applied here, and unknown to this release


@dataclass(frozen=True, slots=True)
class Step:
    """One migration, declared or recorded, and where it stands."""

    title: str
    state: State
    summary: str = ""
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that was applied now; under `plan`, one that would be (`duration_ms` is then None)."""

    title: str
    summary: str
    duration_ms: int | None


async def status(direct_url: str, folder: Path | None = None) -> list[Step]:
    """Where every migration stands. Writes nothing."""
    files = declared(folder)
    async with connect(direct_url, "migrate --status") as connection:
        server = await look(connection, direct_url)
        require_ours(server, empty_too=True)
        return _compare(files, await _recorded(connection) if server.migrated else [])


async def migrate(
    direct_url: str, *, plan: bool = False, progress: Progress | None = None, folder: Path | None = None
) -> list[Applied]:
    """Apply what is pending; with `plan`, only say what that is.

    Raises:
        UsageError: the server must not or cannot be migrated, or a file changed after it was applied.
        Failed: a statement failed; its own file is rolled back, those before it stand.
    """
    files = declared(folder)
    async with connect(direct_url, "migrate") as connection:
        server = await look(connection, direct_url)
        require_ours(server, empty_too=True)
        require_able(server)
        if plan:
            return [Applied(file.title, file.summary, None) for file in await _pending(connection, files)]
        async with _alone(connection, progress):
            await connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'".encode())
            await connection.execute(BOOKKEEPING)
            return [await _apply(connection, file, progress) for file in await _pending(connection, files)]


async def _pending(connection: Connection, files: Sequence[Migration]) -> list[Migration]:
    exists = await connection.execute("SELECT to_regclass('payaid.migration') IS NOT NULL AS there")
    there = await exists.fetchone()
    recorded = await _recorded(connection) if there and there["there"] else []
    for step in _compare(files, recorded):
        if step.state is State.CHANGED:
            raise UsageError(
                f"{step.title} was edited after it was applied on {step.applied_at:%Y-%m-%d}",
                "restore the file and write the change as a new migration",
            )
        if step.state is State.MISSING:
            raise UsageError(
                f"{step.title} was applied here, and this release does not know it",
                "run the release that this database belongs to, or a newer one",
            )
    last = max((row["version"] for row in recorded), default=0)
    pending = [file for file in files if file.version not in {row["version"] for row in recorded}]
    if pending and pending[0].version < last:
        raise UsageError(
            f"{pending[0].title} is older than the last one applied ({last:03})",
            "give it the next free number: a database made from nothing must end up the same",
        )
    return pending


async def _recorded(connection: Connection) -> list[dict[str, Any]]:
    cursor = await connection.execute("SELECT * FROM payaid.migration ORDER BY version")
    return await cursor.fetchall()


def _compare(files: Sequence[Migration], recorded: Sequence[dict[str, Any]]) -> list[Step]:
    done = {row["version"]: row for row in recorded}
    steps = []
    for file in files:
        row = done.pop(file.version, None)
        if row is None:
            steps.append(Step(file.title, State.PENDING, file.summary))
        else:
            state = State.APPLIED if row["checksum"] == file.checksum else State.CHANGED
            steps.append(Step(file.title, state, file.summary, row["appliedAt"]))
    unknown = (
        Step(f"{row['version']:03}_{row['name']}.sql", State.MISSING, "", row["appliedAt"]) for row in done.values()
    )
    return [*steps, *unknown]


async def _apply(connection: Connection, file: Migration, progress: Progress | None) -> Applied:
    if progress:
        progress(f"applying {file.title}: {file.summary}")
    begun = time.monotonic()
    try:
        if file.transactional:
            async with connection.transaction():
                await _run(connection, file, begun)
        else:
            await connection.execute("SET lock_timeout = 0")
            await _run(connection, file, begun)
            await connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'".encode())
    except psycopg.Error as error:
        undone = "it was rolled back" if file.transactional else "it has no transaction, so part of it may stand"
        raise Failed(
            f"{_where(file, error)}: {error.diag.message_primary or error}; {undone}", _advice(error)
        ) from error
    return Applied(file.title, file.summary, round((time.monotonic() - begun) * 1000))


async def _run(connection: Connection, file: Migration, begun: float) -> None:
    for statement in file.statements:
        await connection.execute(statement.encode())
    elapsed = round((time.monotonic() - begun) * 1000)
    await connection.execute(RECORD, (file.version, file.name, file.checksum, elapsed))


def _where(file: Migration, error: psycopg.Error) -> str:
    position = error.diag.statement_position
    if position is None or not file.transactional:
        return file.title
    return f"{file.title}:{file.sql[: int(position)].count(chr(10)) + 1}"


def _advice(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return "another session holds the table; see `payaidctl inspect`, and run again when it is quiet"
    return error.diag.message_hint or "correct the cause and run again; what is already applied is not repeated"


@asynccontextmanager
async def _alone(connection: Connection, progress: Progress | None) -> AsyncIterator[None]:
    """Hold the migration lock; wait for a migration that is under way, and say who runs it."""
    deadline = time.monotonic() + PATIENCE_S
    told = False
    while not await _locked(connection):
        holder = await (await connection.execute(BLOCKERS, (LOCK,))).fetchone()
        who = f"{holder['application_name']} (pid {holder['pid']}, {holder['usename']})" if holder else "another one"
        if time.monotonic() > deadline:
            raise Failed(f"a migration is under way: {who}", "wait for it, or end that session if it is stuck")
        if progress and not told:
            progress(f"waiting for a migration that is under way: {who}")
            told = True
        await asyncio.sleep(0.1)
    try:
        yield
    finally:
        if not connection.closed:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


async def _locked(connection: Connection) -> bool:
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", (LOCK,))).fetchone()
    return bool(row and row["mine"])
