"""A tenant's write: one transaction on the primary, its changes dirty before COMMIT, its stamp after."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from psycopg import InterfaceError, OperationalError, errors

from payaid import observe
from payaid.cache.keys import Change, touched
from payaid.cache.stamps import Stamps
from payaid.db.connection import Connection, lacks_room
from payaid.db.identity import Mark, mark
from payaid.db.servers import Primary
from payaid.errors import OutcomeUnknown, Unavailable

T = TypeVar("T")
# The connection is lost, was closed under us, or leads to a server that is a standby by now.
LOST = (OperationalError, InterfaceError, errors.ReadOnlySqlTransaction)


class Unit:
    """One write under way: the connection inside its transaction, and what it will have changed."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        self.connection = connection
        self.tenant = tenant
        self.changes: list[Change] = []
        self.names: list[str] = []
        # COMMIT is on its way: from here on a lost connection means that nobody knows.
        self.committing = False
        # An earlier write is told again: its caller needs a position that shows it, though nothing changes now.
        self.repeats = False

    def touch(self, table: str, id_: str) -> None:
        """A row changed whose table has no facets."""
        self.changes.append(Change(self.tenant, table, (id_,), {}))

    def close(self) -> list[str]:
        """The work is done and COMMIT comes next: the names of everything it touched."""
        self.committing = True
        self.names = [name for change in self.changes for name in touched(change)]
        return self.names


class Writes:
    """Every change of a tenant's data goes through here."""

    def __init__(self, primary: Primary, stamps: Stamps) -> None:
        self._primary = primary
        self._stamps = stamps

    async def run(self, tenant: str, work: Callable[[Unit], Awaitable[T]]) -> tuple[T, Mark | None]:
        """Do `work` in one transaction. Answers its result and the mark that shows it; None: there is nothing to show.

        `work` may be called twice: a connection that turns out to be lost before COMMIT is replaced once.

        Raises:
            Unavailable: the primary cannot be reached; nothing was done.
            OutcomeUnknown: it was lost during the COMMIT.
        """
        for last in (False, True):
            unit: Unit | None = None
            connection: Connection | None = None
            try:
                async with self._primary.pool.connection() as connection:
                    async with self._primary.transaction(connection, tenant):
                        unit = Unit(connection, tenant)
                        result = await work(unit)
                        started = time.perf_counter()
                        self._stamps.begin(unit.close())
                    # On the connection in hand: what is committed must not be answered with "no connection is free".
                    shown = await mark(connection) if unit.names or unit.repeats else None
            except LOST as error:
                if unit and unit.committing:
                    self._stamps.doubt(unit.names)
                    raise OutcomeUnknown from error
                if isinstance(error, errors.QueryCanceled | errors.LockNotAvailable):
                    raise Unavailable("The write took longer than it may; nothing was done.") from error
                if isinstance(error, errors.DeadlockDetected):
                    if last:
                        raise Unavailable("The write met others on the same rows, twice; nothing was done.") from error
                    continue
                if connection and lacks_room(connection, error):
                    raise Unavailable("The database lacks the memory or the room; nothing was done.") from error
                if last:
                    raise Unavailable("The primary cannot be reached; nothing was done.") from error
                await self._primary.pool.drop_broken()
                continue
            except BaseException:
                self._stamps.doubt(unit.names if unit else [])
                raise
            # A position of another epoch is none of ours: the floor of the one that we shall hear in is above it.
            self._stamps.settle(unit.names, shown.position if shown and shown.epoch == self._stamps.epoch else 0)
            observe.emit(observe.Wrote(time.perf_counter() - started))
            return result, shown
        raise AssertionError("the second attempt returns or raises")
