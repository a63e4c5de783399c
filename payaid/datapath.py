"""The path of data, as one thing that opens and closes: pools, pollers, the ear, both cache layers, the executor.

The API, the worker and `payaidctl warm` open the same one, so what one of them keeps the others can serve.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any, Self

from payaid import observe
from payaid.cache.ear import Ear
from payaid.cache.local import Local
from payaid.cache.stamps import Hearing, Stamps
from payaid.cache.store import Store
from payaid.cache.warm import Warmer
from payaid.db.identity import Identity
from payaid.db.poller import poll_primary, poll_replica
from payaid.db.pool import Pool
from payaid.db.routing import Reads
from payaid.db.servers import Primary, Replica
from payaid.db.writing import Writes
from payaid.kv import connect
from payaid.rest.cursor import Cursors
from payaid.rest.execute import Executor
from payaid.settings import Settings


class DataPath:
    """Built without I/O; `running` opens it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stamps = Stamps(monotonic)
        self.primary = Primary(settings)
        self.replicas = [
            Replica(f"replica-{index}", dsn, settings) for index, (dsn, _) in enumerate(settings.replica_dsns, start=1)
        ]
        self.reads = Reads(self.primary, self.replicas, self.stamps)
        self.writes = Writes(self.primary, self.stamps)
        self.redis = connect(settings)
        self.store = Store(Local(settings.cache_l1_bytes), self.redis if settings.cache else None, self.stamps)
        self.cursors = Cursors(settings.jwt_secret.get_secret_value())
        self.executor = Executor(self.reads, self.cursors)
        self.warmer = Warmer(self.store, self.executor, self.cursors)
        self.ear = Ear(settings.listen_dsn, self.stamps, self.store.local.clear)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Open everything; close it in reverse when the block ends."""
        async with AsyncExitStack() as closing:
            for pool in self.pools:
                await pool.open()
                closing.push_async_callback(pool.close)
            if self.redis:
                await self.redis.open()
                closing.push_async_callback(self.redis.close)
            background(closing, self.ear.run())
            background(closing, poll_primary(self.settings.listen_dsn, self.stamps, self.primary))
            for replica, (_, direct) in zip(self.replicas, self.settings.replica_dsns, strict=True):
                background(closing, poll_replica(direct, replica, self.reads, self._ours))
            closing.push_async_callback(self.store.close)
            yield self

    async def heard(self, within_s: float) -> bool:
        """Wait until change notices arrive, so that what is read can be kept. False: not within that time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.stamps.hearing is not Hearing.HEARING:  # noqa: ASYNC110  # asked once at a start
                    await asyncio.sleep(0.01)
        return self.stamps.hearing is Hearing.HEARING

    @property
    def pools(self) -> list[Pool]:
        """The primary's pool, then the replicas'."""
        return [self.primary.pool, *(one.pool for one in self.replicas)]

    def _ours(self) -> Identity | None:
        return self.ear.identity


def background(closing: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until the stack closes. Should it fail before, that is a bug, and told like one."""
    task = asyncio.create_task(work)
    task.add_done_callback(_told)

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    closing.push_async_callback(stop)


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        observe.emit(observe.Crashed(task.get_coro().__qualname__, "", error))  # type: ignore[union-attr]
