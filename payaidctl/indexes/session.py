"""A connection for looking at indexes and for building them, and what is at its other end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection

from payaidctl.errors import Unreachable
from payaidctl.target import Target, libpq, mask

# Longer than a short lock should be held, and short enough for somebody who waits for an answer.
LOCK_WAIT_S = 5
BOUNDS = "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)"
SERVER = """
SELECT current_setting('server_version_num')::int4, pg_is_in_recovery(), current_user::text,
       current_database()::text, pg_backend_pid(), pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Who answered. `pooled`: a pooler stands between (it makes up the process id that it tells us)."""

    address: str
    version: int
    standby: bool
    role: str
    database: str
    pooled: bool
    sees_others: bool


def service_url(system: Target) -> str | None:
    """The service's own role, on the primary and not through a pooler; None where the target names none."""
    url = system.get("DATABASE_LISTEN_URL")
    return libpq(url) if url else None


async def open_connection(url: str, application: str, timeout_s: float = 5) -> AsyncConnection[Any]:
    """Connect, autocommit, with nothing prepared (a pooler may be in between).

    Raises:
        Unreachable: it does not answer, or does not let us in.
    """
    try:
        return await AsyncConnection.connect(
            libpq(url),
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=max(2, round(timeout_s)),
            application_name=f"payaidctl {application}",
        )
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise Unreachable(f"{mask(url)} cannot be reached: {reason}", "`payaidctl ping` shows what answers") from error


@asynccontextmanager
async def bounded(connection: AsyncConnection[Any], statement_s: float = 0) -> AsyncIterator[None]:
    """A transaction that is rolled back, and waits for no lock longer than LOCK_WAIT_S.

    Bounded for the transaction alone: a SET for the session would stay on a pooler's connection, for its next user.
    """
    async with connection.transaction(force_rollback=True):
        await connection.execute(BOUNDS, [f"{LOCK_WAIT_S}s", f"{statement_s}s"])
        yield


@asynccontextmanager
async def looking(url: str, application: str, timeout_s: float = 5) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection for looking: a pooler in between does not matter, nor does a standby.

    Raises:
        Unreachable: no connection, a lost one, or a lock that somebody keeps.
    """
    connection = await open_connection(url, application, timeout_s)
    try:
        async with connection:
            yield connection
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
        raise Unreachable(
            f"{mask(url)}: somebody holds an exclusive lock on a table that must be looked at",
            "`payaidctl inspect blocking` shows who; try again when it has ended",
        ) from error
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise Unreachable(f"{mask(url)} was lost: {reason}", "try again") from error


async def describe(connection: AsyncConnection[Any]) -> Server:
    """Who is at the other end."""
    cursor = await connection.execute(SERVER)
    row = await cursor.fetchone()
    if row is None:
        raise Unreachable("the server answered nothing", "`payaidctl ping` shows what answers")
    version, standby, role, database, pid, sees_others = row
    info = connection.info
    return Server(
        address=f"{info.host}:{info.port}",
        version=version,
        standby=standby,
        role=role,
        database=database,
        pooled=pid != info.backend_pid,
        sees_others=sees_others,
    )
