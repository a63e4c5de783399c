"""Removing what a load run wrote: rows that carry its name, in small transactions, children first."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from payaidctl.target import Target

BATCH = 2_000
TABLES = """
SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attname = 'loadRun' AND NOT a.attisdropped AND n.nspname = 'public' AND c.relkind IN ('r', 'p')
"""
# A row that refers to another goes first.
ORDER = ("Task", "Invoice", "Order", "Deal", "Contact")


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows of a table went, and how many of the run's are left."""

    table: str
    rows: int
    left: int


async def remove(target: Target, run: str) -> list[Removed]:
    """Delete the run's rows in batches and count what is left, which should be nothing."""
    async with await psycopg.AsyncConnection.connect(
        target.direct_url, autocommit=True, connect_timeout=5, application_name="payaidctl cleanup"
    ) as connection:
        found = [str(row[0]) for row in await (await connection.execute(TABLES)).fetchall()]
        ordered = sorted(found, key=lambda table: (ORDER.index(table) if table in ORDER else -1, table))
        return [await _remove(connection, table, run) for table in ordered]


async def _remove(connection: psycopg.AsyncConnection, table: str, run: str) -> Removed:
    statement = sql.SQL(
        'DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE "loadRun" = %s LIMIT %s))'
    ).format(table=sql.Identifier("public", table))
    rows = 0
    while True:
        done = (await connection.execute(statement, (run, BATCH))).rowcount
        rows += done
        if done < BATCH:
            break
    count = sql.SQL('SELECT count(*) FROM {} WHERE "loadRun" = %s').format(sql.Identifier("public", table))
    left = await (await connection.execute(count, (run,))).fetchone()
    return Removed(table, rows, int(left[0]) if left else 0)
