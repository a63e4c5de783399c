"""The dispatcher: BullMQ on the queue's own Redis. A job has its id of the table there: adding is idempotent."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

from bullmq.queue import Queue
from bullmq.worker import Worker
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from payaid.jobs.ledger import Handed
from payaid.jobs.policy import Pace

NAME = "payaid"
AWAY = (RedisError, OSError, TimeoutError)
KEPT_DONE = {"count": 1000, "age": 3600}
KEPT_FAILED = {"count": 1000, "age": 7 * 86_400}
HAND_OVER_S = 5.0
BLOCK_S = 5
Processor = Callable[[Any, str], Any]


class Again(Exception):
    """Tells BullMQ to run a job again after `after_s` seconds; the table has decided so."""

    def __init__(self, cause: str, after_s: float) -> None:
        super().__init__(cause)
        self.after_s = after_s


def delay_ms(_attempts: int, _kind: str, error: Exception, _job: Any) -> int:
    """BullMQ's backoff strategy: what the table said. An error of another kind is BullMQ's own, and soon over."""
    return max(1, round(error.after_s * 1000)) if isinstance(error, Again) else 1000 + random.randrange(1000)


class JobQueue:
    """The queue `payaid`. Open with `open_redis`; whoever opened the client closes it."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._queue = Queue(NAME, {"connection": redis, "skipVersionCheck": True})

    async def hand_over(self, jobs: Sequence[Handed], attempts: Callable[[str], int]) -> None:
        """Add jobs, in order and all at once; those that are there already stay as they are."""
        async with asyncio.timeout(HAND_OVER_S):
            await self._queue.addBulk([_entry(job, attempts(job.task)) for job in jobs])

    async def restore(self, jobs: Sequence[Handed], attempts: Callable[[str], int]) -> int:
        """Add those of these unfinished jobs that Redis has lost, or holds for finished; how many that were."""
        async with asyncio.timeout(HAND_OVER_S):
            async with self.redis.pipeline(transaction=False) as pipe:
                for job in jobs:
                    pipe.hmget(self._queue.toKey(job.id), "name", "finishedOn")
                found = await pipe.execute()
            for job, (name, finished) in zip(jobs, found, strict=True):
                if name is not None and finished is not None:
                    await self._queue.remove(job.id)
        lost = [job for job, (name, done) in zip(jobs, found, strict=True) if name is None or done is not None]
        if lost:
            await self.hand_over(lost, attempts)
        return len(lost)

    async def pause(self, *, paused: bool) -> None:
        """Let no worker take anything more, or let them again; what runs, runs on."""
        async with asyncio.timeout(HAND_OVER_S):
            await self._queue.backend.pause(paused)

    async def server_run(self) -> str:
        """The id of the server's run: another one means a restart, and perhaps a second of lost writes."""
        info = await self.redis.info("server")
        return str(info["run_id"])

    def worker(self, processor: Processor, name: str, concurrency: int, pace: Pace) -> Any:
        """BullMQ's worker for this queue, not yet running."""
        options: Any = {
            "connection": self.redis,
            "skipVersionCheck": True,
            "autorun": False,
            "name": name,
            "concurrency": concurrency,
            "lockDuration": int(pace.lock_s * 1000),
            "stalledInterval": int(pace.stalled_s * 1000),
            "maxStalledCount": 10,
            "drainDelay": BLOCK_S,
            "runRetryDelay": 500,
            "settings": {"backoffStrategy": delay_ms},
        }
        return Worker(NAME, processor, options)


def open_redis(url: str) -> Redis:
    """A client that gives up within a second, so that its callers decide: the library's own connection retries for
    minutes with growing pauses, and would find a Redis that is back only long after.
    """
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=BLOCK_S * 2,  # a worker's wait for work is a blocking command of BLOCK_S
        socket_connect_timeout=2.0,
        socket_keepalive=True,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
    )


def _entry(job: Handed, attempts: int) -> dict[str, Any]:
    # The payload stays in the table: Redis needs only to know whose turn it is, and holds nobody's data.
    options = {
        "jobId": job.id,
        "attempts": attempts,
        "backoff": {"type": "table"},
        "priority": job.priority,
        "removeOnComplete": KEPT_DONE,
        "removeOnFail": KEPT_FAILED,
    }
    return {"name": job.task, "data": {"tenant": job.lane}, "opts": options}
