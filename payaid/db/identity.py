"""Who a server is, and where it is in the WAL."""

from hashlib import blake2b
from typing import Any, NamedTuple

from psycopg import AsyncConnection

Connection = AsyncConnection[tuple[Any, ...]]

IDENTITY = """
SELECT (SELECT system_identifier FROM pg_control_system())::text,
       pg_postmaster_start_time()::text,
       pg_is_in_recovery(),
       CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END
"""
# Writes a WAL message and answers its end: strictly above whatever was polled before this moment. It is flushed by
# the WAL writer within its delay, so a replica covers it soon even if nothing else is written.
MARK = "SELECT (pg_logical_emit_message(false, 'payaid', '') - '0/0'::pg_lsn)::int8"
INSERTED = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8"
REPLAYED = "SELECT (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::int8"


class Identity(NamedTuple):
    """A server, so far as it matters: which cluster, since when, in which role."""

    system: str
    started: str
    in_recovery: bool
    timeline: str | None

    @property
    def epoch(self) -> str:
        """A primary's epoch: positions are comparable only within it."""
        text = f"{self.system}/{self.timeline}/{self.started}"
        return blake2b(text.encode(), digest_size=6).hexdigest()


async def identify(connection: Connection) -> Identity:
    """Ask the server who it is."""
    cursor = await connection.execute(IDENTITY)
    row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    return Identity(*row)


async def position(connection: Connection, query: str) -> int:
    """Run MARK, INSERTED or REPLAYED."""
    cursor = await connection.execute(query)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
