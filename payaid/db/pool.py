"""A bounded pool of connections to one server. Whoever cannot be served soon is told so at once.

Nothing here waits for a lock: a connection that is returned goes to the next in line within the same step of the
event loop. A pool whose hand-over takes turns (a lock, a condition, a task for each wait) hands over at most one
connection a turn; when a burst makes turns long, connections lie idle while callers queue for them, and the queue
keeps the turns long (docs/decisions/0010).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import NamedTuple

from psycopg import Error, OperationalError
from psycopg.pq import TransactionStatus

from payaid.db.connection import CONNECT, Connection
from payaid.db.identity import Identity, identify
from payaid.db.patience import answers_within, bury, hang_up, retire
from payaid.errors import Unavailable
from payaid.settings import Settings
from payaid.timing import timed

# While somebody waits for a server that refuses, it is tried again after this.
RETRY_S = 0.1
# What idle connections are given to show that they live, all of them together.
TEST_S = 1.0
# Connections that are being made at the same time, and how long one may take.
OPENING, OPEN_S = 4, 5.0
# A connection is replaced at this age: servers keep memory for each, and names may lead elsewhere by then.
LIFE_S = 3600.0


class _Idle(NamedTuple):
    connection: Connection
    since: float


class Pool:
    """Connections to one server, for everything that is one statement or one transaction.

    `met` is told who is at the other end of each new connection, and answers whether that is who it should be.
    """

    def __init__(self, name: str, dsn: str, settings: Settings, met: Callable[[Identity], bool] | None = None) -> None:
        self.name = name
        self.dsn = dsn
        self.statement_timeout_s = settings.statement_timeout_ms / 1000
        self._settings = settings
        self._met = met
        # The one used last is lent first: what is not needed is left idle, and closes.
        self._idle: deque[_Idle] = deque()
        self._lent: dict[Connection, float] = {}
        self._born: dict[Connection, float] = {}
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._testing: asyncio.Task[None] | None = None
        self._shrinking: asyncio.TimerHandle | None = None
        self._closed = False

    async def open(self) -> None:
        """Start filling the pool, without waiting: a server that is away now may be back later."""
        for _ in range(self._settings.pool_min):
            self._grow()
        self._shrink()

    async def close(self) -> None:
        """Close every connection that nobody has; those that are lent close as they come back."""
        self._closed = True
        if self._shrinking:
            self._shrinking.cancel()
        for task in self._opening:
            task.cancel()
        for waiter in [*self._waiting]:
            self._give_up(waiter)
        while self._idle:
            await self._discard(self._idle.pop().connection)

    # -- borrowing ----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow a connection.

        Raises:
            Unavailable: none became free in time, or too many wait already. Nothing was sent.
        """
        with timed("pool"):
            lent = self._ready() or await self._wait()
        self._lent[lent] = monotonic()
        try:
            yield lent
        finally:
            del self._lent[lent]
            await self._take_back(lent)

    def _ready(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop().connection
            if not connection.closed:
                return connection
            self._born.pop(connection, None)
        return None

    async def _wait(self) -> Connection:
        if self._closed or len(self._waiting) >= self._settings.pool_queue:
            raise self._full()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection] = loop.create_future()
        self._waiting.append(waiter)
        self._grow()
        timer = loop.call_later(self._settings.pool_wait_ms / 1000, self._give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            # Our caller went away, perhaps in the very step in which a connection was handed over.
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif not waiter.cancelled() and not waiter.exception():
                self._hand_over(waiter.result())
            raise
        finally:
            timer.cancel()

    def _give_up(self, waiter: asyncio.Future[Connection]) -> None:
        if not waiter.done():
            self._waiting.remove(waiter)
            waiter.set_exception(self._full())

    def _full(self) -> Unavailable:
        return Unavailable(f"No connection to the {self.name} became free in time.")

    async def _take_back(self, connection: Connection) -> None:
        bury(connection)
        if connection.closed or self._closed or monotonic() - self._born[connection] > LIFE_S:
            await self._discard(connection)
        elif connection.pgconn.transaction_status != TransactionStatus.IDLE:
            # Its caller left in the middle of a statement or a transaction: the server is told to stop.
            retire(connection)
            self._born.pop(connection)
        else:
            self._hand_over(connection)
            return
        if self._waiting:
            self._grow()

    def _hand_over(self, connection: Connection) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(_Idle(connection, monotonic()))

    async def _discard(self, connection: Connection) -> None:
        self._born.pop(connection, None)
        await connection.close()

    # -- growing and shrinking ----------------------------------------------------------------------------------

    def _grow(self) -> None:
        room = len(self._born) + len(self._opening) < self._settings.pool_max
        if room and not self._closed and len(self._opening) < max(OPENING, self._settings.pool_min):
            task = asyncio.ensure_future(self._open_one())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_one(self) -> None:
        while True:
            try:
                async with asyncio.timeout(OPEN_S):
                    connection = await self._connected()
                break
            except (Error, OSError, TimeoutError):
                # A server that is back is found by who waits, or by the next caller: not by us, for ever.
                if not self._waiting:
                    return
                await asyncio.sleep(RETRY_S)
        self._born[connection] = monotonic()
        if task := asyncio.current_task():
            self._opening.discard(task)  # counted as open from here on
        self._hand_over(connection)
        if self._waiting:
            self._grow()

    async def _connected(self) -> Connection:
        connection = await Connection.connect(self.dsn, application_name=f"payaid {self.name}", **CONNECT)
        try:
            if self._met:
                # A busy pooler may have a place for us before it has a server.
                with answers_within(connection, OPEN_S / 2):
                    expected = self._met(await identify(connection))
                bury(connection)
                if connection.closed or not expected:
                    raise OperationalError(f"the {self.name} answered too late, or is another server")
        except BaseException:
            await connection.close()
            raise
        return connection

    def _shrink(self) -> None:
        """Close what has been idle for too long, as far as more than the minimum is there; look again soon."""
        before = monotonic() - self._settings.pool_idle_s
        while self._idle and self._idle[0].since < before and len(self._born) > self._settings.pool_min:
            connection = self._idle.popleft().connection
            del self._born[connection]
            retire(connection)
        self._shrinking = asyncio.get_running_loop().call_later(self._settings.pool_idle_s / 2, self._shrink)

    # -- servers that fall silent, or come back -----------------------------------------------------------------

    def hang_up(self, lent_for_s: float = 0.0) -> None:
        """The server has fallen silent: whoever has waited for it for so long waits no longer."""
        before = monotonic() - lent_for_s
        for one in [one for one, since in self._lent.items() if since <= before]:
            hang_up(one)

    def forget(self) -> None:
        """Some connection leads to somebody whom nobody must ask: close all, those that are lent as they come back."""
        for one in self._born:
            self._born[one] = float("-inf")
        while self._idle:
            connection = self._idle.pop().connection
            self._born.pop(connection, None)
            retire(connection)

    async def drop_broken(self) -> None:
        """After a lost connection its idle siblings are probably lost as well (a pooler's restart): test them all.

        However many callers lose theirs at once, the idle ones are tested once.
        """
        if self._testing is None or self._testing.done():
            self._testing = asyncio.ensure_future(self._test())
        await asyncio.shield(self._testing)

    async def _test(self) -> None:
        suspects = [one.connection for one in self._idle]
        self._idle.clear()
        await asyncio.gather(*map(self._test_one, suspects))
        if self._waiting:
            self._grow()

    async def _test_one(self, connection: Connection) -> None:
        try:
            with answers_within(connection, TEST_S):
                await connection.execute("SELECT 1")
        except BaseException as error:
            await self._discard(connection)
            if not isinstance(error, Error):
                raise
        else:
            await self._take_back(connection)

    def figures(self) -> dict[str, int]:
        """Connections open and idle, and callers waiting."""
        return {"open": len(self._born), "idle": len(self._idle), "waiting": len(self._waiting)}
