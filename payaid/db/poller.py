"""Where each server is in the WAL, asked every 25 ms on connections of their own, never through a pooler."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from psycopg import AsyncConnection, Error

from payaid import observe
from payaid.cache.stamps import Stamps
from payaid.db.identity import INSERTED, REPLAYED, Connection, Identity, identify, position
from payaid.db.pool import CONNECT
from payaid.db.routing import Reads
from payaid.db.servers import Replica

EVERY_S = 0.025
SILENCE_S = 1.0
RETRY_S = 0.2


async def poll_primary(dsn: str, stamps: Stamps) -> None:
    """Keep `stamps` told of the primary's position, for ever."""

    async def ask(connection: Connection, identity: Identity) -> None:
        stamps.polled(identity.epoch, await position(connection, INSERTED))

    await _poll(dsn, "primary", ask, lambda _identity: "", lambda: None)


async def poll_replica(dsn: str, replica: Replica, reads: Reads, system: Callable[[], str]) -> None:
    """Keep `replica` told of its replay position, for ever; refuse a server that is no replica of ours."""

    async def ask(connection: Connection, _identity: Identity) -> None:
        replica.replayed(await position(connection, REPLAYED))
        reads.moved.set()

    def judge(identity: Identity) -> str:
        if not identity.in_recovery:
            replica.refused = "is not in recovery: it is a primary"
        elif system() and identity.system != system():
            replica.refused = "belongs to another cluster"
        else:
            replica.refused = ""
        return replica.refused

    await _poll(dsn, replica.name, ask, judge, replica.void)


async def _poll(
    dsn: str,
    name: str,
    ask: Callable[[Connection, Identity], Awaitable[None]],
    judge: Callable[[Identity], str],
    lost: Callable[[], None],
) -> None:
    while True:
        try:
            async with asyncio.timeout(SILENCE_S * 3):
                connection = await AsyncConnection.connect(dsn, application_name=f"payaid poller {name}", **CONNECT)
        except (Error, OSError, TimeoutError) as error:
            observe.emit(observe.Degraded(f"poller-{name}", f"{type(error).__name__}"))
            await asyncio.sleep(RETRY_S)
            continue
        try:
            await _poll_on(connection, name, ask, judge)
        except (Error, OSError, TimeoutError) as error:
            observe.emit(observe.Degraded(f"poller-{name}", f"{type(error).__name__}"))
        finally:
            lost()
            with contextlib.suppress(Error, OSError):
                await connection.close()
        await asyncio.sleep(RETRY_S)


async def _poll_on(
    connection: Connection,
    name: str,
    ask: Callable[[Connection, Identity], Awaitable[None]],
    judge: Callable[[Identity], str],
) -> None:
    async with asyncio.timeout(SILENCE_S):
        identity = await identify(connection)
    if refused := judge(identity):
        observe.emit(observe.Degraded(f"poller-{name}", refused))
        await asyncio.sleep(SILENCE_S)
        return
    while True:
        async with asyncio.timeout(SILENCE_S):
            await ask(connection, identity)
        await asyncio.sleep(EVERY_S)
