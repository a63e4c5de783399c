"""Who a server is, and where it is in the WAL."""

from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from psycopg import AsyncConnection

Connection = AsyncConnection[tuple[Any, ...]]

# Of an epoch's text, what names the cluster.
SYSTEM_LENGTH = 6

STARTED = "lpad(to_hex((extract(epoch FROM pg_postmaster_start_time()) * 1000000)::int8), 14, '0')"
IDENTITY = f"""
SELECT (SELECT system_identifier FROM pg_control_system())::text, {STARTED}, pg_is_in_recovery(),
       CASE WHEN pg_is_in_recovery()
            THEN upper(lpad(to_hex((SELECT timeline_id FROM pg_control_checkpoint())), 8, '0'))
            ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END
"""  # noqa: S608  # of constants
# Writes a WAL message and answers its end: strictly above whatever was polled before this moment. It is flushed by
# the WAL writer within its delay, so a replica covers it soon even if nothing else is written. With it, whose WAL.
MARK = f"""
SELECT (pg_logical_emit_message(false, 'payaid', '') - '0/0'::pg_lsn)::int8,
       (SELECT system_identifier FROM pg_control_system())::text, {STARTED},
       left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
"""  # noqa: S608  # of constants
INSERTED = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8"
# With what must not have changed since the server was identified: a promotion does not end a session, and a pooler or a
# balancer may lead each statement to another server.
REPLAYED = f"""
SELECT (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::int8, {STARTED}, pg_is_in_recovery()
"""


@lru_cache(maxsize=64)
def epoch_of(system: str, timeline: str, started: str) -> str:
    """A primary's epoch: positions are comparable only within it.

    As text, a later epoch of one cluster sorts after an earlier one: a promotion raises the timeline, a restart the
    start. SYSTEM_LENGTH characters name the cluster.
    """
    return blake2b(system.encode(), digest_size=SYSTEM_LENGTH // 2).hexdigest() + timeline + started


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
        """A primary's epoch."""
        return epoch_of(self.system, self.timeline, self.started)


class Mark(NamedTuple):
    """A position above everything that was committed before, and the epoch in which it is one."""

    epoch: str
    position: int


async def identify(connection: Connection) -> Identity:
    """Ask the server who it is."""
    cursor = await connection.execute(IDENTITY)
    row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    return Identity(*row)


async def mark(connection: Connection) -> Mark:
    """Run MARK, on whichever server the connection leads to now: not always the one that was identified."""
    cursor = await connection.execute(MARK)
    row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    position, system, started, timeline = row
    return Mark(epoch_of(system, timeline, started), position)


async def inserted(connection: Connection) -> int:
    """Run INSERTED."""
    cursor = await connection.execute(INSERTED)
    row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    return int(row[0])


async def replayed(connection: Connection) -> tuple[int, str, bool]:
    """Run REPLAYED: the position, when the server was started, and whether it is in recovery."""
    cursor = await connection.execute(REPLAYED)
    row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    return int(row[0]), str(row[1]), bool(row[2])
