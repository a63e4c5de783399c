"""Connections for looking: read-only, short, named, and safe through a transaction pooler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, pq
from psycopg.rows import dict_row

from payaidctl.errors import Unreachable
from payaidctl.target import Target, libpq, mask


@asynccontextmanager
async def connect(url: str, timeout_s: float) -> AsyncIterator[AsyncConnection[dict[str, Any]]]:
    """An autocommit connection whose statements end after `timeout_s`; rows are dictionaries.

    No `options` at start-up (PgBouncer before 1.20 refuses it) and no prepared statements: what the connection
    sets, it sets in the transaction that needs it.

    Raises:
        Unreachable: the server does not answer, refuses us, or falls silent.
    """
    try:
        connection = await AsyncConnection.connect(
            libpq(url),
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=max(2, round(timeout_s)),
            row_factory=dict_row,
            application_name="payaidctl probe",
        )
        async with connection:
            yield connection
    except psycopg.Error as error:
        raise Unreachable(f"{mask(url)}: {reason(error)}", "`payaidctl ping` shows what answers") from error


async def query(url: str, statement: str, timeout_s: float, params: Any = None) -> list[dict[str, Any]]:
    """The rows of one statement, run in a read-only transaction with a time limit.

    Raises:
        Unreachable: the server or the statement did not answer.
    """
    async with connect(url, timeout_s) as connection, connection.transaction():
        await connection.execute("SET TRANSACTION READ ONLY")
        await connection.execute(f"SET LOCAL statement_timeout = {round(timeout_s * 1000)}")
        cursor = await connection.execute(statement.encode(), params)
        return await cursor.fetchall()


async def is_pooled(connection: AsyncConnection[Any]) -> bool:
    """Whether a pooler answered our startup: then the process id it reported is not the backend's."""
    cursor = await connection.execute("SELECT pg_backend_pid() AS pid")
    row = await cursor.fetchone()
    return row is not None and row["pid"] != connection.info.backend_pid


def primary_url(target: Target) -> str:
    """The primary, by the most direct URL that the target names."""
    return target.need("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_URL_POOLER", "DATABASE_URL")


def encrypted(connection: AsyncConnection[Any]) -> bool:
    """Whether the connection speaks TLS."""
    return bool(connection.pgconn.ssl_in_use) and connection.pgconn.status == pq.ConnStatus.OK


def reason(error: psycopg.Error) -> str:
    """What the server said, on one line."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
