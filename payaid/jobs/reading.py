"""A long read for a job: on a replica that shows what was committed before the job ran, or else on the primary."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
import structlog

from payaid.db.connection import Connection
from payaid.jobs.job import Job
from payaid.jobs.policy import Transient

# A replica that is further behind than this is not waited for.
PATIENCE_S = 5.0
EVERY_S = 0.05
log = structlog.get_logger("payaid.jobs.reading")


@asynccontextmanager
async def reading(job: Job) -> AsyncIterator[Connection]:
    """One read-only transaction, one snapshot, inside the tenant's walls, without a statement timeout: the attempt's
    own deadline ends it. A connection of its own, so that the worker's pool stays free for leases.

    Raises:
        Transient: the server went away, or the replay of WAL needed what the snapshot still saw.
    """
    try:
        async with await _connected(job) as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await connection.execute(
                "SELECT set_config('payaid.tenant_id', %s, true), set_config('statement_timeout', '0', true)",
                (job.tenant,),
            )
            yield connection
    except psycopg.OperationalError as error:
        raise Transient(f"the read broke off: {error}") from error


async def _connected(job: Job) -> Connection:
    settings = job.services.settings
    async with job.session() as session:
        cursor = await session.execute("SELECT pg_current_wal_insert_lsn()::text")
        row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"  # noqa: S101
    for dsn, _ in settings.replica_dsns:
        try:
            connection = await _connect(dsn)
        except psycopg.OperationalError as error:
            log.warning("replica_away", error=str(error))
            continue
        async with AsyncExitStack() as closing:
            closing.push_async_callback(connection.close)
            try:
                shown = await _shows(connection, row[0])
            except psycopg.OperationalError as error:
                log.warning("replica_away", error=str(error))
                continue
            if shown:
                closing.pop_all()
                return connection
    return await _connect(settings.primary_dsn)


async def _connect(dsn: str) -> Connection:
    return await Connection.connect(
        dsn, autocommit=True, prepare_threshold=None, connect_timeout=5, application_name="payaid work read"
    )


async def _shows(connection: Connection, position: str) -> bool:
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    while loop.time() < until:
        cursor = await connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,))
        row = await cursor.fetchone()
        if row and row[0]:
            return True
        await asyncio.sleep(EVERY_S)
    return False
