"""Where each server is in the WAL, asked every 50 ms on connections of their own, never through a pooler; and a replica
at once, when a read waits for it to come further (docs/decisions/0011).

Whoever polls a replica is also its doorkeeper: it is a replica of this primary, on its timeline, and both of its URLs
lead to that one server; asked anew with each connection, and once a second.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from psycopg import Error, OperationalError

from payaid import observe
from payaid.cache.stamps import Stamps
from payaid.db.connection import CONNECT, Connection
from payaid.db.identity import Identity, identify, inserted, replayed
from payaid.db.patience import answers_within
from payaid.db.routing import Reads
from payaid.db.servers import Primary, Replica
from payaid.errors import Unavailable

EVERY_S = 0.05
# While reads wait, it is asked again after this.
SOON_S = 0.005
SILENCE_S = 1.0
RETRY_S = 0.2
# Silence of the direct way after which the primary is asked by the pool's.
OTHER_WAY_S = 0.25
# Connections to the primary are looked at so often at the least.
LONGEST_UNSEEN_S = 5.0
# So many new connections for reads must lead to the server that is polled, before a read goes there.
SAMPLES = 4
# A balancer may lead aright for a while: what was caught once is looked at again after this.
DISTRUST_S = 30.0

Ask = Callable[[Connection, Identity], Awaitable[None]]


async def poll_primary(dsn: str, stamps: Stamps, primary: Primary) -> None:
    """Keep `stamps` told of the primary's position, for ever; nobody waits for a primary that is silent."""
    told = 0.0

    async def tell(connection: Connection, identity: Identity) -> None:
        nonlocal told
        if identity.in_recovery:
            raise OperationalError("it is a standby")  # who it is once it was promoted, is asked then
        asked = time.monotonic()
        stamps.polled(identity.epoch, await inserted(connection), asked)
        told = time.monotonic()
        primary.silence.heard()

    async def other_way() -> None:
        # While the direct way is cut, and the one by which everybody writes is not, "nobody can write" would be wrong.
        # And a pooler may lead to a standby from one moment to the next, behind connections that stay open.
        looked = 0.0
        while True:
            await asyncio.sleep(OTHER_WAY_S)
            now = time.monotonic()
            cut = now - told > OTHER_WAY_S
            # While all connections are busy nobody is made to wait for a look, unless there was none for long.
            due = SILENCE_S if primary.pool.figures()["idle"] else LONGEST_UNSEEN_S
            if not cut and now - looked < due:
                continue
            looked = now
            with contextlib.suppress(Error, Unavailable):
                async with primary.pool.connection() as connection:
                    with answers_within(connection, SILENCE_S if cut else primary.pool.statement_timeout_s):
                        identity = await identify(connection)
                        if not primary.met(identity):
                            primary.deceived()
                            stamps.distrust()
                        elif cut:
                            await tell(connection, identity)

    async def anybody(_identity: Identity) -> str:
        return ""

    asking = asyncio.create_task(other_way())
    try:
        await _poll(dsn, "primary", tell, anybody, lambda: None, asyncio.Event())
    finally:
        asking.cancel()


async def poll_replica(dsn: str, replica: Replica, reads: Reads, ours: Callable[[], Identity | None]) -> None:
    """Keep `replica` told of its replay position, for ever; refuse a server that is no replica of `ours`."""
    door = _Door(replica, ours)

    async def ask(connection: Connection, identity: Identity) -> None:
        at, started, in_recovery = await replayed(connection)
        if started != identity.started:
            raise Refused("its URL for positions leads to more than one server: a balancer or a pooler")
        if not in_recovery:
            raise Refused("it was promoted: it is a primary now")
        await door.watch(connection)
        replica.replayed(at)
        reads.moved.set()

    looking = asyncio.create_task(door.keep_looking())
    try:
        await _poll(dsn, replica.name, ask, door.judge, replica.void, replica.awaited)
    finally:
        looking.cancel()


class Refused(Exception):
    """The server is not, or not any more, what it must be."""


class _Door:
    """Looks who a replica's servers are."""

    def __init__(self, replica: Replica, ours: Callable[[], Identity | None]) -> None:
        self._replica = replica
        self._ours = ours
        self._looked = 0.0

    async def judge(self, identity: Identity) -> str:
        """Why this is no replica of ours; the empty string: it is."""
        self._replica.refused = ""
        self._replica.identified(identity)
        why = self._strange(identity)
        for _ in range(SAMPLES):
            why = why or self._replica.refused or await self._sample()
        self._replica.refused = why
        self._looked = time.monotonic()
        return why

    async def watch(self, connection: Connection) -> None:
        """Look again, once a second.

        Raises:
            Refused: somebody was met who must not be.
        """
        if self._replica.refused:
            raise Refused(self._replica.refused)
        if time.monotonic() - self._looked >= SILENCE_S:
            self._looked = time.monotonic()
            if why := self._strange(await identify(connection)):
                raise Refused(why)

    async def keep_looking(self) -> None:
        """Once a second, who answers a read now; for ever. A pooler may lead elsewhere than a moment ago."""
        while True:
            await asyncio.sleep(SILENCE_S)
            if self._replica.usable:
                # A pool that is busy, and a read that fails, are counted where they happen.
                with contextlib.suppress(Error, Unavailable):
                    async with self._replica.pool.connection() as reading:
                        with answers_within(reading, SILENCE_S):
                            self._replica.met(await identify(reading))

    def _strange(self, identity: Identity) -> str:
        ours = self._ours()
        if not identity.in_recovery:
            return "it is not in recovery: it is a primary"
        if ours and identity.system != ours.system:
            return "it belongs to another cluster"
        if ours and identity.timeline != ours.timeline:
            return f"it is on timeline {identity.timeline}, and the primary on {ours.timeline}"
        return ""

    async def _sample(self) -> str:
        async with asyncio.timeout(3 * SILENCE_S):
            connection = await Connection.connect(
                self._replica.pool.dsn, application_name=f"payaid door {self._replica.name}", **CONNECT
            )
        try:
            with answers_within(connection, SILENCE_S):
                self._replica.met(await identify(connection))
        finally:
            await connection.close()
        return self._replica.refused


async def _poll(
    dsn: str,
    name: str,
    ask: Ask,
    judge: Callable[[Identity], Awaitable[str]],
    lost: Callable[[], None],
    awaited: asyncio.Event,
) -> None:
    while True:
        pause = RETRY_S
        try:
            async with asyncio.timeout(SILENCE_S * 3):
                connection = await Connection.connect(dsn, application_name=f"payaid poller {name}", **CONNECT)
        except (Error, OSError, TimeoutError) as error:
            observe.emit(observe.Degraded(f"poller-{name}", f"{type(error).__name__}"))
            await asyncio.sleep(pause)
            continue
        try:
            await _poll_on(connection, ask, judge, awaited)
        except Refused as refused:
            observe.emit(observe.Degraded(f"refused-{name}", str(refused)))
            pause = DISTRUST_S if "more than one" in str(refused) else SILENCE_S
        except (Error, OSError, TimeoutError) as error:
            observe.emit(observe.Degraded(f"poller-{name}", f"{type(error).__name__}"))
        finally:
            lost()
            with contextlib.suppress(Error, OSError):
                await connection.close()
        await asyncio.sleep(pause)


async def _poll_on(
    connection: Connection, ask: Ask, judge: Callable[[Identity], Awaitable[str]], awaited: asyncio.Event
) -> None:
    with answers_within(connection, SILENCE_S):
        identity = await identify(connection)
    if why := await judge(identity):
        raise Refused(why)
    while True:
        with answers_within(connection, SILENCE_S):
            await ask(connection, identity)
        await asyncio.sleep(SOON_S)
        timer = asyncio.get_running_loop().call_later(EVERY_S - SOON_S, awaited.set)
        await awaited.wait()
        timer.cancel()
        awaited.clear()
