"""The worker process: relay, queue worker, heartbeat, sweeper and timetable, until SIGTERM; then it drains."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog
from psycopg_pool import AsyncConnectionPool
from redis.exceptions import RedisError

from payaid import garbage
from payaid.db.connection import CONNECT, Connection
from payaid.jobs import registry
from payaid.jobs.execute import DATABASE_AWAY, Executor
from payaid.jobs.heartbeat import Heartbeat
from payaid.jobs.job import Services
from payaid.jobs.ledger import Ledger, Pool
from payaid.jobs.metrics import Meter
from payaid.jobs.policy import Pace
from payaid.jobs.queue import AWAY, JobQueue, open_redis
from payaid.jobs.relay import Relay
from payaid.jobs.schedule import Timetable
from payaid.jobs.sweeper import Sweeper
from payaid.settings import Settings, SettingsError
from payaid.telemetry.exposition import MetricsFile, process_name

WINDOW_PER_SLOT = 16
SHARE_PER_SLOT = 4
STOPPED_S = 5.0
TELL_EVERY_S = 10.0
log = structlog.get_logger("payaid.jobs.worker")


async def run(settings: Settings, pace: Pace | None = None) -> None:
    """Work until SIGTERM or SIGINT, then let what runs end within `settings.drain_s` and give the rest back.

    Raises:
        SettingsError: there is no queue to work on.
    """
    if settings.queue_redis_url is None:
        raise SettingsError([("QUEUE_REDIS_URL", "not set: the worker has no queue to work on")])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as closing:
        worker = await Assembly.open(settings, pace or Pace(), closing)
        garbage.settle()
        await worker.run(stop)


def open_pool(settings: Settings, name: str, least: int, most: int) -> Pool:
    """Connections of the worker to the primary: for single statements and short transactions, fit for any pooler."""
    return AsyncConnectionPool(
        settings.primary_dsn,
        min_size=least,
        max_size=most,
        max_idle=settings.pool_idle_s,
        timeout=10.0,
        # Whoever asks tries anew: left to itself a pool waits for twice as long each time, up to two minutes.
        reconnect_timeout=1.0,
        kwargs={**CONNECT, "application_name": name},
        connection_class=Connection,
        open=False,
    )


class Assembly:
    """The worker's parts, wired."""

    def __init__(
        self, settings: Settings, pace: Pace, pool: Pool, beating: Pool, queue: JobQueue, services: Services
    ) -> None:
        self.pace = pace
        self.drain_s = settings.drain_s
        self.ledger = Ledger(pool)
        self.meter = Meter(process_name(settings.instance_name))
        self.meter.listen()
        self.figures = MetricsFile(settings.run_dir, self.meter.worker)
        slots = settings.worker_concurrency
        self.relay = Relay(
            self.ledger, queue, settings.listen_dsn, pace,
            window=slots * WINDOW_PER_SLOT, share=slots * SHARE_PER_SLOT,
        )  # fmt: skip
        self.sweeper = Sweeper(self.ledger, queue, pace)
        self.timetable = Timetable(self.ledger, pace)
        self.executor = Executor(self.ledger, services, self.meter.worker, pace, self.relay.nudge)
        self.heartbeat = Heartbeat(Ledger(beating), self.executor.running, pace)
        self.consumer = queue.worker(self.executor.process, self.meter.worker, slots, pace)
        self.consumer.on("error", Complaints())

    @classmethod
    async def open(cls, settings: Settings, pace: Pace, closing: AsyncExitStack) -> "Assembly":
        """Open what the worker stands on; a backend that is away is waited for, not died of."""
        tasks = registry.load()
        assert settings.queue_redis_url is not None  # noqa: S101  (run() has checked)
        redis = open_redis(settings.queue_redis_url.get_secret_value())
        closing.push_async_callback(redis.aclose)
        pool = open_pool(settings, "payaid work", min(settings.pool_min, 2), settings.pool_max)
        # One of its own: long imports may have all others, and a lease that is not renewed is lost.
        beating = open_pool(settings, "payaid work beat", 1, 1)
        for each in (pool, beating):
            await each.open(wait=False)
            closing.push_async_callback(each.close)
        inner = await closing.enter_async_context(AsyncExitStack())
        log.info("worker_starts", tasks=sorted(tasks), concurrency=settings.worker_concurrency)
        return cls(settings, pace, pool, beating, JobQueue(redis), Services(settings, inner))

    async def run(self, stop: asyncio.Event) -> None:
        """Everything side by side; one part's unexpected end is the worker's, and its supervisor's to mend."""
        try:
            async with asyncio.TaskGroup() as group:
                feeding = [group.create_task(part()) for part in self._feeding()]
                keeping = [group.create_task(part()) for part in (self.heartbeat.run, self._figures, self._consume)]
                await stop.wait()
                for task in feeding:
                    task.cancel()
                await self._drain()
                for task in keeping:
                    task.cancel()
        finally:
            self.figures.remove()
            log.info("worker_ended", left=len(self.executor.running))

    def _feeding(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        return [self.relay.run, self.relay.listen, self.sweeper.run, self.timetable.run, self._census]

    async def _consume(self) -> None:
        while True:
            try:
                await self.consumer.run()
            except (RedisError, OSError) as error:  # before its loop begins; inside, BullMQ retries by itself
                log.warning("queue_away", error=str(error) or type(error).__name__)
                await asyncio.sleep(0.5)
                continue
            if not self.consumer.closing:
                raise RuntimeError("the queue worker's loop ended by itself")
            return

    async def _drain(self) -> None:
        """Fetch no more; wait for what runs; stop what does not end in time, and put it back."""
        log.info("drain_begins", running=len(self.executor.running))
        self.executor.draining = True
        await self.consumer.pause(do_not_wait_active=True)
        loop = asyncio.get_running_loop()
        if not await self._quiet(loop.time() + self.drain_s):
            for job in list(self.executor.running.values()):
                job.stop("drained")
            await self._quiet(loop.time() + STOPPED_S)
        closing = asyncio.create_task(self.consumer.close())
        _, unfinished = await asyncio.wait({closing}, timeout=STOPPED_S)
        if unfinished:
            # With Redis away BullMQ tries to fetch for ever, and its close() waits for that and ignores cancelling.
            log.warning("queue_not_closed")
            self.consumer.cancelProcessing()
            await asyncio.wait({closing}, timeout=STOPPED_S)

    async def _quiet(self, until: float) -> bool:
        loop = asyncio.get_running_loop()
        while self.executor.running or self.consumer.jobs:
            if loop.time() > until:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _census(self) -> None:
        while True:
            try:
                self.meter.count(await self.ledger.census())
            except DATABASE_AWAY as error:
                log.debug("census_failed", error=str(error) or type(error).__name__)
            await asyncio.sleep(self.pace.census_s)

    async def _figures(self) -> None:
        while True:
            self.figures.write(self.meter.report(len(self.executor.running), self.sweeper.restored))
            await asyncio.sleep(self.pace.report_s)


class Complaints:
    """What BullMQ could not do: Redis away, or a lock lost to another worker. Table and sweeper mend both, so an
    outage is told every ten seconds and not at each of its hundred attempts.
    """

    def __init__(self) -> None:
        self._told_at = float("-inf")

    def __call__(self, error: Exception, job: Any = None) -> None:
        if isinstance(error, AWAY):
            if time.monotonic() - self._told_at < TELL_EVERY_S:
                return
            self._told_at = time.monotonic()
        log.warning("queue_error", error=str(error) or type(error).__name__, job=getattr(job, "id", None))
