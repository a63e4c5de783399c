"""Who a server is, and where it is in the WAL."""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from payaid.db.connection import Connection
from payaid.db.wire import value

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
SELECT concat_ws(' ', (pg_logical_emit_message(false, 'payaid', '') - '0/0'::pg_lsn)::int8,
       (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
       {STARTED})
"""  # noqa: S608  # of constants
# The same without that, for a session with one server: nothing but its end can lead it elsewhere.
MARK_HERE = "SELECT (pg_logical_emit_message(false, 'payaid', '') - '0/0'::pg_lsn)::int8"
INSERTED = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8"
# With what must not have changed since the server was identified: a promotion does not end a session, and a pooler or a
# balancer may lead each statement to another server.
REPLAYED = f"""
SELECT concat_ws(' ', (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::int8, {STARTED}, pg_is_in_recovery())
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
    position, system, timeline, started = await _words(connection, MARK)
    return Mark(epoch_of(system, timeline, started), int(position))


async def mark_here(connection: Connection) -> int:
    """Run MARK_HERE. By psycopg's own way, which keeps the notices that arrive meanwhile."""
    cursor = await connection.execute(MARK_HERE)
    row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    return int(row[0])


async def inserted(connection: Connection) -> int:
    """Run INSERTED."""
    (position,) = await _words(connection, INSERTED)
    return int(position)


async def replayed(connection: Connection) -> tuple[int, str, bool]:
    """Run REPLAYED: the position, when the server was started, and whether it is in recovery."""
    position, started, in_recovery = await _words(connection, REPLAYED)
    return int(position), started, in_recovery == "t"


async def _words(connection: Connection, question: str) -> list[str]:
    return (await value(connection, question, {}) or b"").decode().split()
