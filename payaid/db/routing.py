"""Which server answers a read, and why: a replica that covers what is needed, or else the primary."""

import asyncio
import time
from typing import NamedTuple

from psycopg import OperationalError, errors

from payaid import observe
from payaid.cache.stamps import DIRTY, Hearing, Stamps
from payaid.db.servers import Primary, Replica, TooLong
from payaid.errors import Unavailable
from payaid.rest.statement import Statement

# A replica that is just behind is usually there within this.
PATIENCE_S = 0.025


class Fetched(NamedTuple):
    """What a statement answered, and the position that the answer is sure to show; -1: must not be kept."""

    raw: bytes | None
    epoch: str
    stamp: int
    server: str
    reason: str


class Reads:
    """Every read of a tenant's data goes through here."""

    def __init__(self, primary: Primary, replicas: list[Replica], stamps: Stamps) -> None:
        self._primary = primary
        self._replicas = replicas
        self._stamps = stamps
        self._turn = 0
        self.moved = asyncio.Event()

    async def read(self, statement: Statement, depends: tuple[str, ...], shown: int = 0) -> Fetched:
        """Answer `statement`, showing at least position `shown` (a caller's own last write).

        Raises:
            Unavailable: the primary would have to answer and cannot, or its bulkhead is full.
        """
        replica, reason = await self._choose(depends, shown)
        if replica:
            try:
                return await self._on_replica(replica, statement)
            except TooLong:
                if replica.usable:
                    raise  # the primary would take as long, and has better things to do
                reason = "replica-lost"
            except Unavailable:
                reason = "replica-full"
            except (errors.QueryCanceled, errors.SerializationFailure, errors.DeadlockDetected):
                reason = "conflict"  # replay needed a row version that our query still saw
            except OperationalError as error:
                reason = "replica-lost"
                replica.rest()
                observe.emit(observe.Degraded("replica-lost", f"{replica.name}: {type(error).__name__}"))
        return await self._on_primary(statement, reason, shown)

    async def confirm(self, statement: Statement) -> Fetched:
        """Answer from the primary, whatever the replicas show: for a refusal that must be certain.

        Raises:
            Unavailable: the primary cannot be reached, or its bulkhead is full.
        """
        return await self._on_primary(statement, "confirm", DIRTY)

    async def _choose(self, depends: tuple[str, ...], shown: int) -> tuple[Replica | None, str]:
        if not self._replicas:
            return None, "no-replica"
        deadline = time.monotonic() + PATIENCE_S
        while True:
            needed = max(self._stamps.needed(depends), shown)
            usable = [one for one in self._replicas if one.usable]
            if not usable:
                return None, "replica-away"
            if covering := [one for one in usable if one.position >= needed]:
                self._turn += 1
                return covering[self._turn % len(covering)], "replica"
            patience = deadline - time.monotonic()
            if patience <= 0:
                return None, "dirty" if needed == DIRTY else "behind"
            self.moved.clear()
            for one in usable:
                one.awaited.set()
            try:
                await asyncio.wait_for(self.moved.wait(), patience)
            except TimeoutError:
                continue

    async def _on_replica(self, replica: Replica, statement: Statement) -> Fetched:
        epoch, stamp, lives, started = self._stamps.epoch, replica.position, replica.lives, time.perf_counter()
        raw = await replica.read(statement)
        if replica.lives != lives or replica.refused:
            # It may have been restarted, and come back behind the position that it was chosen for; or somebody else
            # answered, met on this very connection.
            raise OperationalError(f"{replica.name} was lost sight of during the read")
        observe.emit(observe.Read("replica", "replica", time.perf_counter() - started))
        return Fetched(raw, epoch, stamp, replica.name, "replica")

    async def _on_primary(self, statement: Statement, reason: str, shown: int) -> Fetched:
        epoch, stamp, started = self._stamps.epoch, self._stamps.primary() or -1, time.perf_counter()
        lives = self._primary.lives
        try:
            raw = await self._read_primary(statement)
            if self._primary.lives != lives:
                raise OperationalError("a standby answered for the primary")
        except OperationalError as error:
            if isinstance(error, errors.QueryCanceled):
                raise TooLong("The query took longer than a statement may.") from error
            return await self._last_resort(statement, shown)
        except TooLong:
            raise
        except Unavailable:
            if self._stamps.hearing is Hearing.HEARING:
                raise  # it is there, and busy
            return await self._last_resort(statement, shown)
        observe.emit(observe.Read("primary", reason, time.perf_counter() - started))
        return Fetched(raw, epoch, stamp, "primary", reason)

    async def _read_primary(self, statement: Statement) -> bytes | None:
        try:
            return await self._primary.read(statement)
        except OperationalError as error:
            if isinstance(error, errors.QueryCanceled):
                raise
            # One lost connection, or a restarted pooler: the rest are tested, and the read is tried once more.
            await self._primary.pool.drop_broken()
            return await self._primary.read(statement)

    async def _last_resort(self, statement: Statement, shown: int) -> Fetched:
        """The primary cannot be reached: any replica that shows the caller's own writes is better than nothing."""
        observe.emit(observe.Degraded("primary-lost", self._stamps.hearing))
        for replica in self._replicas:
            if replica.usable and replica.position >= shown and self._stamps.hearing is not Hearing.HEARING:
                try:
                    fetched = await self._on_replica(replica, statement)
                except OperationalError:
                    replica.rest()
                    continue
                return fetched._replace(stamp=-1, reason="primary-lost")
        raise Unavailable("The database cannot be reached, and no replica shows your last write yet.")
