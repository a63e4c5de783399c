"""A primary and a replica are two types: the second has no way to write."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import OperationalError

from payaid import observe
from payaid.db.connection import Connection, lacks_room
from payaid.db.identity import Identity
from payaid.db.patience import ends_within
from payaid.db.pool import Pool
from payaid.db.wire import value
from payaid.errors import Unavailable
from payaid.rest.statement import Statement
from payaid.settings import Settings
from payaid.timing import timed

# After a failure a replica is left alone for this long, then one read tries it; each failure of such a read doubles it.
REST_S, LONGEST_REST_S = 1.0, 8.0
# A replay position older than this says nothing: the replica may have been restarted behind it.
POSITION_LIVES_S = 0.25
# A server whose poller has heard nothing for this long is frozen or cut off: nobody waits for it any longer.
SILENT_S = 0.5
BENEFIT_S = 0.05


class TooLong(Unavailable):
    """The statement took longer than one may."""


async def fetch(pool: Pool, statement: Statement) -> bytes | None:
    """Run one read and answer its one text value as bytes, undecoded; None for SQL null.

    Raises:
        Unavailable: no connection was free, or the query needs more memory or room than the server gives one.
        TooLong: the statement took longer than one may; it is cancelled there, too.
        OperationalError: the server is lost.
    """
    async with pool.connection() as connection:
        try:
            # Counted here: a session setting would not survive a transaction pooler.
            with timed("db"), ends_within(connection, pool.statement_timeout_s):
                return await value(connection, statement.sql, statement.params)
        except TimeoutError:
            raise TooLong("The query took longer than a statement may.") from None
        except OperationalError as error:
            if lacks_room(connection, error):
                raise Unavailable("The query needs more memory or room than the database gives one.") from error
            raise


class Silence:
    """Notices that a server has fallen silent, and ends every wait for it, until it is heard again."""

    def __init__(self, pool: Pool, after_s: float) -> None:
        self._pool = pool
        self._after_s = after_s
        self._alarm: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        """It answered its poller just now."""
        self.off()
        self._alarm = asyncio.get_running_loop().call_later(self._after_s, self._suspect)

    def off(self) -> None:
        """Nobody listens for it now."""
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None

    def _suspect(self) -> None:
        # An answer may have come while our own loop was busy with something else: it gets the chance to be read.
        self._alarm = asyncio.get_running_loop().call_later(BENEFIT_S, self._silent, 0.0)

    def _silent(self, lent_for_s: float) -> None:
        """First everybody; later whoever came since, after as long a wait."""
        self._pool.hang_up(lent_for_s)
        self._alarm = asyncio.get_running_loop().call_later(self._after_s, self._silent, self._after_s)


class Primary:
    """The server that takes writes, and answers what no replica can answer yet."""

    def __init__(self, settings: Settings) -> None:
        self.pool = pool = Pool("primary", settings.primary_dsn, settings, self.met)
        self.silence = Silence(pool, 2 * SILENT_S)
        # Grows whenever somebody else answered for it: what was read across such a moment may be of the past.
        self.lives = 0

    def met(self, identity: Identity) -> bool:
        """The server at the end of a connection: a standby refuses writes by itself, but answers reads of the past."""
        if identity.in_recovery:
            observe.emit(observe.Degraded("primary-refused", "its URL leads to a standby"))
        return not identity.in_recovery

    def deceived(self) -> None:
        """A standby answers on connections that were the primary's: a pooler leads there."""
        self.lives += 1
        self.pool.forget()

    async def read(self, statement: Statement) -> bytes | None:
        """One statement, autocommitted."""
        return await fetch(self.pool, statement)

    @asynccontextmanager
    async def transaction(self, connection: Connection, tenant: str) -> AsyncIterator[None]:
        """One transaction of one tenant; its settings die with it, so it is safe behind a transaction pooler."""
        longest = f"{round(self.pool.statement_timeout_s * 1000)}ms"
        with timed("db"):
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('payaid.tenant_id', %s, true), set_config('statement_timeout', %s, true)",
                    (tenant, longest),
                )
                yield


class Replica:
    """A server that replays the primary's WAL. `position` is a lower bound of what its answers show."""

    def __init__(self, name: str, dsn: str, settings: Settings) -> None:
        self.name = name
        self.pool = pool = Pool(name, dsn, settings, self.met)
        self.refused = ""
        self._identity: Identity | None = None
        # The last of them: whoever was there before it may have been restarted since.
        self._met_early: Identity | None = None
        self._silence = Silence(pool, SILENT_S)
        self._failures = 0
        # Grows whenever its position became unknown: an answer across such a moment may show less than was thought.
        self.lives = 0
        # Set by a read that waits for it to come further: its poller asks at once.
        self.awaited = asyncio.Event()
        self._position = 0
        self._position_at = float("-inf")
        self._resting_until = float("-inf")

    @property
    def position(self) -> int:
        """The replay position as of at most 250 ms ago; -1 when it is void."""
        fresh = time.monotonic() - self._position_at <= POSITION_LIVES_S
        return self._position if fresh else -1

    @property
    def usable(self) -> bool:
        """Is it a replica of this primary, heard from lately, and not resting after a failure?"""
        return not self.refused and self.position >= 0 and time.monotonic() >= self._resting_until

    def identified(self, identity: Identity) -> None:
        """The server at the end of the poller's connection: a read must be answered by the same one."""
        self._identity = identity
        early, self._met_early = self._met_early, None
        if early:
            self.met(early)

    def met(self, identity: Identity) -> bool:
        """The server at the end of a connection for reads: is it the one that is polled, as far as we know by now?
        Another one's answers have nothing to do with `position`.
        """
        known = self._identity
        if known is None:
            self._met_early = identity
            return True
        if (identity.system, identity.started) == (known.system, known.started):
            return True
        if not identity.in_recovery:
            self.refuse("its URL for reads leads to a primary")
        elif identity.system != known.system:
            self.refuse("its URL for reads leads to another cluster")
        else:
            self.refuse("its URLs lead to more than one server: a balancer, or two replicas under one name")
        return False

    def refuse(self, why: str) -> None:
        """It is not what a replica of ours must be: no read goes there until its poller has found it to be one."""
        self.refused = why
        self.pool.forget()

    def replayed(self, position: int) -> None:
        """It had replayed up to here just now."""
        self._position, self._position_at = position, time.monotonic()
        self._silence.heard()

    def void(self) -> None:
        """Its position is not known: its connection broke, or it restarted. Whoever waits for it waits no longer."""
        self._position_at = float("-inf")
        self.lives += 1
        self._silence.off()
        self.pool.hang_up()

    def rest(self) -> None:
        """A read failed there."""
        self._resting_until = time.monotonic() + min(LONGEST_REST_S, REST_S * 2**self._failures)
        self._failures += 1

    async def read(self, statement: Statement) -> bytes | None:
        """One statement, autocommitted."""
        if self._failures:
            # This one tries it; the others leave it alone meanwhile.
            self._resting_until = time.monotonic() + REST_S
        answered = await fetch(self.pool, statement)
        if self._failures:
            self._failures, self._resting_until = 0, float("-inf")
        return answered
