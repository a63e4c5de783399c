"""A long read for a job: on a replica that shows what was committed before the job ran, or else on the primary."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
import structlog

from payaid.db.connection import CONNECT, Connection
from payaid.db.identity import Identity, identify, inserted, replayed
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
        ours, position = await identify(session), await inserted(session)
    for dsn, _ in settings.replica_dsns:
        try:
            connection = await _connect(dsn)
        except psycopg.OperationalError as error:
            log.warning("replica_away", error=str(error))
            continue
        async with AsyncExitStack() as closing:
            closing.push_async_callback(connection.close)
            try:
                shown = await _is_replica(connection, ours) and await _shows(connection, position)
            except psycopg.OperationalError as error:
                log.warning("replica_away", error=str(error))
                continue
            if shown:
                closing.pop_all()
                return connection
    return await _connect(settings.primary_dsn)


async def _connect(dsn: str) -> Connection:
    return await Connection.connect(dsn, application_name="payaid work read", **CONNECT)


async def _is_replica(connection: Connection, ours: Identity) -> bool:
    """Positions of another cluster, or of another timeline, say nothing."""
    found = await identify(connection)
    if found.in_recovery and (found.system, found.timeline) == (ours.system, ours.timeline):
        return True
    log.warning("replica_refused", timeline=found.timeline, in_recovery=found.in_recovery)
    return False


async def _shows(connection: Connection, position: int) -> bool:
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    while loop.time() < until:
        shown, _, _ = await replayed(connection)
        if shown >= position:
            return True
        await asyncio.sleep(EVERY_S)
    return False
