"""Listens to change notices, on a connection of its own, and turns them into stamps."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from psycopg import Error, Notify

from payaid import observe
from payaid.cache.keys import Change, touched
from payaid.cache.stamps import Stamps
from payaid.db.connection import CONNECT, Connection
from payaid.db.identity import Identity, identify, mark_here

CHANNEL = "payaid_change"
BARRIER_S = 0.25
# So often it is told that this process is running.
TICK_S = 0.1
# With the wait before a barrier this is under a second: others are promised to see a write within a second of its
# answer, and the silence may have begun just before it.
SILENCE_S = 0.7
RETRY_S = 0.1


class Garbled(Exception):
    """A notice that our triggers did not write: any role may NOTIFY, so what it meant to say is not known."""


def parse_notice(payload: str) -> Change:
    """A notice as the triggers write it (sql/schema/001_ground.sql).

    Raises:
        Garbled: it is not one.
    """
    try:
        notice: dict[str, Any] = orjson.loads(payload)
        ids, facets = notice["ids"], notice["facets"]
        named = None if ids is None else tuple(str(_plain(one)) for one in ids)
        values = None if facets is None else {column: [*map(_plain, found)] for column, found in facets.items()}
        return Change(notice["tenant"], notice["table"], named, values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Garbled(payload[:100]) from error


def _plain(value: Any) -> Any:
    if isinstance(value, list | dict):
        raise TypeError("ids and facets are plain values")
    return value


class Ear:
    """Keeps one process's stamps true. `on_epoch` is called when the primary is another one, or restarted."""

    def __init__(self, dsn: str, stamps: Stamps, on_epoch: Callable[[], None]) -> None:
        self._dsn = dsn
        self._stamps = stamps
        self._on_epoch = on_epoch
        self.identity: Identity | None = None

    async def run(self) -> None:
        """Listen, for ever; deaf whenever the connection is."""
        ticking = asyncio.ensure_future(self._tick())
        try:
            await self._keep_listening()
        finally:
            ticking.cancel()
            self._stamps.ended()

    async def _tick(self) -> None:
        while True:
            self._stamps.running(time.time())
            await asyncio.sleep(TICK_S)

    async def _keep_listening(self) -> None:
        while True:
            try:
                async with asyncio.timeout(3 * SILENCE_S):
                    connection = await Connection.connect(self._dsn, application_name="payaid ear", **CONNECT)
            except (Error, OSError, TimeoutError) as error:
                observe.emit(observe.Degraded("deaf", type(error).__name__))
                await asyncio.sleep(RETRY_S)
                continue
            try:
                await self._listen(connection)
            except (Error, OSError, TimeoutError, Garbled) as error:
                # Listening again sets a floor above whatever a garbled notice may have told.
                observe.emit(observe.Degraded("deaf", type(error).__name__))
            finally:
                self._stamps.deafen()
                with contextlib.suppress(Error, OSError):
                    await connection.close()
            await asyncio.sleep(RETRY_S)

    @contextlib.asynccontextmanager
    async def _answered(self) -> AsyncIterator[None]:
        """The server answers within a second, or we are deaf from that moment.

        The timeout alone would be late: psycopg first tries to cancel, and gives up on a server that is frozen, or a
        network that swallows everything, after ten seconds. So deaf comes by the clock, a moment after the timeout.
        """
        deaf = asyncio.get_running_loop().call_later(SILENCE_S + 0.01, self._stamps.deafen)
        try:
            async with asyncio.timeout(SILENCE_S):
                yield
        finally:
            deaf.cancel()

    async def _listen(self, connection: Connection) -> None:
        async with self._answered():
            self.identity = await identify(connection)
            await connection.execute(f"LISTEN {CHANNEL}")
            floor = await mark_here(connection)
        before = self._stamps.epoch
        if self._stamps.listen(self.identity.epoch, floor):
            observe.emit(observe.EpochChanged(before, self.identity.epoch))
            self._on_epoch()
        self._stamps.heard(time.time())
        while True:
            notices = [one async for one in connection.notifies(timeout=BARRIER_S, stop_after=1)]
            async with self._answered():
                if notices:
                    await self._stamp(connection, notices)
                else:
                    await connection.execute("SELECT 1")  # the barrier: the connection still speaks
            # What was announced before that answer has come with it, and becomes dirty before anybody else's turn.
            self._stamps.heard(time.time())

    async def _stamp(self, connection: Connection, notices: list[Notify]) -> None:
        names = [name for one in notices for name in touched(parse_notice(one.payload))]
        self._stamps.begin(names)
        try:
            above = await mark_here(connection)
        except BaseException:
            # Deaf now: the floor that the next `listen` sets is above this change.
            self._stamps.abandon(names)
            raise
        self._stamps.settle(names, above)
        observe.emit(observe.Heard(len(notices)))
