"""Who a server is, and where it is in the WAL."""

from hashlib import blake2b
from typing import Any, NamedTuple

from psycopg import AsyncConnection

Connection = AsyncConnection[tuple[Any, ...]]

IDENTITY = """
SELECT (SELECT system_identifier FROM pg_control_system())::text,
       pg_postmaster_start_time()::text,
       pg_is_in_recovery(),
       CASE WHEN pg_is_in_recovery()
            THEN upper(lpad(to_hex((SELECT timeline_id FROM pg_control_checkpoint())), 8, '0'))
            ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END
"""
# Writes a WAL message and answers its end: strictly above whatever was polled before this moment. It is flushed by
# the WAL writer within its delay, so a replica covers it soon even if nothing else is written.
MARK = "SELECT (pg_logical_emit_message(false, 'payaid', '') - '0/0'::pg_lsn)::int8"
INSERTED = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8"
# With what must not have changed since the server was identified: a promotion does not end a session, and a pooler or a
# balancer may lead each statement to another server.
REPLAYED = """
SELECT (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::int8, pg_postmaster_start_time()::text,
       pg_is_in_recovery()
"""


class Identity(NamedTuple):
    """A server, so far as it matters: which cluster, since when, in which role, on which timeline.

    A replica's timeline is that of its last restartpoint: after a failover it is told late, never early.
    """

    system: str
    started: str
    in_recovery: bool
    timeline: str

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
    """Run MARK or INSERTED."""
    cursor = await connection.execute(query)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def replayed(connection: Connection) -> tuple[int, str, bool]:
    """Run REPLAYED: the position, when the server was started, and whether it is in recovery."""
    cursor = await connection.execute(REPLAYED)
    row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    return int(row[0]), str(row[1]), bool(row[2])
