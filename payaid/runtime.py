"""What is opened and closed: one lifetime tree. Nothing opens at import, and everything closes in reverse order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any

from payaid import observe
from payaid.cache.ear import Ear
from payaid.cache.local import Local
from payaid.cache.stamps import Stamps
from payaid.cache.store import Store
from payaid.db.poller import poll_primary, poll_replica
from payaid.db.pool import Pool
from payaid.db.routing import Reads
from payaid.db.servers import Primary, Replica
from payaid.db.writing import Writes
from payaid.gateway.observed import InFlight
from payaid.kv import connect
from payaid.limits.limiter import Limiter
from payaid.rest.cursor import Cursors
from payaid.rest.execute import Executor
from payaid.settings import Settings
from payaid.stamp_token import StampTokens
from payaid.telemetry.exposition import Exposition, process_name
from payaid.telemetry.log import Log
from payaid.telemetry.prometheus import Metrics
from payaid.telemetry.statsd import StatsD


class Runtime:
    """Everything that lives as long as the process. Built without I/O; `running` opens it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process = process_name(settings.instance_name)
        self.in_flight = InFlight()
        self.draining = False
        secret = settings.jwt_secret.get_secret_value()
        self.stamps = Stamps(monotonic)
        self.tokens = StampTokens(secret, lambda: self.stamps.epoch)
        self.cursors = Cursors(secret)
        self.primary = Primary(Pool("primary", settings.primary_dsn, settings))
        self.replicas = [
            Replica(f"replica-{index}", Pool(f"replica-{index}", dsn, settings))
            for index, (dsn, _) in enumerate(settings.replica_dsns, start=1)
        ]
        self.reads = Reads(self.primary, self.replicas, self.stamps)
        self.writes = Writes(self.primary, self.stamps)
        self.redis = connect(settings)
        self.store = Store(Local(settings.cache_l1_bytes), self.redis if settings.cache else None, self.stamps)
        self.executor = Executor(self.reads, self.cursors)
        self.limiter = Limiter(self.redis)
        self.ear = Ear(settings.listen_dsn, self.stamps, self.store.local.clear)
        self.metrics = Metrics(self.process, self._gauges)
        self.exposition = Exposition(settings.run_dir, self.process, self.metrics.exposition)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Runtime"]:
        """Open everything; close it in reverse when the block ends."""
        async with AsyncExitStack() as closing:
            self._listen_to_facts(closing)
            for pool in (self.primary.pool, *(one.pool for one in self.replicas)):
                await pool.open()
                closing.push_async_callback(pool.close)
            if self.redis:
                closing.push_async_callback(self.redis.close)
            await self._start(closing, self.ear.run())
            await self._start(closing, poll_primary(self.settings.listen_dsn, self.stamps))
            for replica, (_, direct) in zip(self.replicas, self.settings.replica_dsns, strict=True):
                await self._start(closing, poll_replica(direct, replica, self.reads, self._system))
            await self._start(closing, self.exposition.keep())
            yield self

    def _listen_to_facts(self, closing: AsyncExitStack) -> None:
        closing.callback(observe.silence)
        self.metrics.subscribe()
        Log(self.settings).subscribe()
        if self.settings.statsd_host:
            statsd = StatsD(self.settings.statsd_host, self.settings.statsd_port)
            statsd.subscribe()
            closing.callback(statsd.close)

    @staticmethod
    async def _start(closing: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)

        async def stop() -> None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        closing.push_async_callback(stop)

    def _system(self) -> str:
        return self.ear.identity.system if self.ear.identity else ""

    def _gauges(self) -> Iterable[tuple[str, str, dict[str, str], float]]:
        for pool in (self.primary.pool, *(one.pool for one in self.replicas)):
            figures = pool.figures()
            for state in ("open", "idle"):
                labels = {"server": pool.name, "state": state}
                yield "payaid_pool_connections", "Pooled connections.", labels, figures[state]
            yield "payaid_pool_waiting", "Callers waiting for one.", {"server": pool.name}, figures["waiting"]
        position = self.stamps.primary()
        for one in self.replicas:
            lag = position - one.position if position and one.position >= 0 else float("nan")
            yield "payaid_replica_lag_bytes", "WAL not replayed yet.", {"replica": one.name}, max(0.0, lag)
        yield "payaid_http_in_flight", "Requests under way.", {}, self.in_flight.now
        yield "payaid_cache_l1_bytes", "Bytes kept in process.", {}, self.store.local.bytes
        yield "payaid_cache_l1_entries", "Entries kept in process.", {}, len(self.store.local)
        yield "payaid_hearing", "1 while change notices arrive.", {}, float(self.stamps.hearing == "hearing")
