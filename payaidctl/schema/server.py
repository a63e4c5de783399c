"""What is at the other end of a direct URL, and whether we may change it.

Looked at before anything is written. A database that is not ours is never migrated or seeded, whatever the flags:
the existing application's tables have the same names, and its data is production.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from payaidctl.errors import Unreachable, UsageError
from payaidctl.target import mask

OLDEST = 150_000  # ON DELETE SET NULL (column) came with 15
SERVICE_ROLE = "payaid_service"

LOOK = """
SELECT inet_server_addr()::text AS host, inet_server_port() AS port, current_database() AS database,
       current_user AS role, current_setting('server_version_num')::int AS version,
       pg_is_in_recovery() AS standby, pg_backend_pid() AS pid,
       to_regclass('payaid.migration') IS NOT NULL AS migrated,
       to_regclass('public._prisma_migrations') IS NOT NULL AS prisma,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       (SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user) AS bypasses_walls,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %(service)s) AS service_unwalled,
       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                          AND d.deptype = 'e')) AS tables
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A database server as one connection sees it."""

    url: str
    host: str | None
    port: int | None
    database: str
    role: str
    version: int
    standby: bool
    pooled: bool
    migrated: bool
    prisma: bool
    superuser: bool
    bypasses_walls: bool
    may_create: bool
    service_unwalled: bool | None
    tables: int

    def __str__(self) -> str:
        return f"database {self.database} at {mask(self.url)} as {self.role} (PostgreSQL {self.version // 10_000})"


@asynccontextmanager
async def connect(url: str, purpose: str) -> AsyncIterator[psycopg.AsyncConnection[dict[str, Any]]]:
    """An autocommit connection that says in pg_stat_activity what it is for.

    Raises:
        Unreachable: nothing answers there, or it does not let us in.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=10, application_name=f"payaidctl {purpose}", row_factory=dict_row
        )
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise Unreachable(f"{mask(url)} cannot be reached: {reason}", "check the URL with `payaidctl ping`") from error
    async with connection:
        yield connection


async def look(connection: psycopg.AsyncConnection[Any], url: str) -> Server:
    """Ask the server what it is. Nothing is written."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(LOOK, {"service": SERVICE_ROLE})
        seen = await cursor.fetchone()
    assert seen is not None  # noqa: S101 - a SELECT without FROM has one row
    # A pooler invents the process id that it sends when a client connects; only a direct one is the backend's own.
    pooled = seen.pop("pid") != connection.info.backend_pid
    return Server(url=url, pooled=pooled, **seen)


def require_ours(server: Server, *, empty_too: bool) -> None:
    """Refuse what must not be written to.

    Args:
        server: as `look` saw it.
        empty_too: an empty database is acceptable (migrate), or not (seed).

    Raises:
        UsageError: with the reason, and the way out.
    """
    if server.standby:
        raise UsageError(f"{server} is a standby: it only reads", "name the primary in DATABASE_DIRECT_URL")
    if server.pooled:
        raise UsageError(
            f"{server} is behind a pooler: session locks and COPY are not safe through it",
            "name the server itself in DATABASE_DIRECT_URL",
        )
    if not server.migrated and server.tables:
        whose = "its tables were made by Prisma" if server.prisma else f"it has {server.tables} tables"
        raise UsageError(
            f"{server} is not ours: {whose}, and payaid.migration is not there",
            "use an empty database; verify-indexes, inspect and check-env work on this one",
        )
    if not server.migrated and not empty_too:
        raise UsageError(f"{server} has no schema yet", "run `payaidctl migrate` first")


def require_able(server: Server) -> None:
    """Refuse a role that could not make the schema, or would make an unsafe one."""
    if server.version < OLDEST:
        raise UsageError(f"{server} is too old", "PostgreSQL 15 or newer is needed")
    if server.superuser:
        raise UsageError(
            f"{server}: a superuser would own the functions that pass the tenant wall",
            "connect as the owner: CREATE ROLE payaid_owner LOGIN BYPASSRLS, and make it the database's owner",
        )
    if not server.bypasses_walls:
        raise UsageError(
            f"{server} is subject to row-level security, so logins and search would find nothing",
            f"as a superuser: ALTER ROLE {server.role} BYPASSRLS",
        )
    if not server.may_create:
        raise UsageError(
            f"{server} may not create schemas here", f"ALTER DATABASE {server.database} OWNER TO {server.role}"
        )
    if server.service_unwalled is None:
        raise UsageError(f"{server}: the role {SERVICE_ROLE} is missing", f"CREATE ROLE {SERVICE_ROLE} LOGIN")
    if server.service_unwalled:
        raise UsageError(
            f"{server}: {SERVICE_ROLE} ignores row-level security",
            f"ALTER ROLE {SERVICE_ROLE} NOSUPERUSER NOBYPASSRLS",
        )
