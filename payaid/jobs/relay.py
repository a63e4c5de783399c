"""From the table to Redis: woken by NOTIFY, by ending jobs and by a slow poll; fair between tenants."""

import asyncio

import psycopg
import structlog

from payaid.db.connection import CONNECT, Connection
from payaid.db.patience import answers_within
from payaid.jobs import registry
from payaid.jobs.ledger import ANSWER_S, Ledger
from payaid.jobs.policy import Pace
from payaid.jobs.queue import AWAY, JobQueue

CHANNEL = "payaid_outbox"
BATCH = 200
BREATH_S = 0.02
LISTEN_S = 20.0
TROUBLE = (*AWAY, psycopg.Error)
log = structlog.get_logger("payaid.jobs.relay")


class Relay:
    """Hands pending jobs over in fair turns. At most `window` jobs are in Redis at once, and `share` of a tenant's:
    the rest waits in the table, where a newcomer need not queue behind another's thousands.
    """

    def __init__(
        self, ledger: Ledger, queue: JobQueue, listen_dsn: str, pace: Pace, *, window: int, share: int
    ) -> None:
        self._ledger = ledger
        self._queue = queue
        self._listen_dsn = listen_dsn
        self._pace = pace
        self._window = window
        self._share = share
        self._wake = asyncio.Event()
        self._after = ""

    def nudge(self) -> None:
        """There may be room, or work."""
        self._wake.set()

    async def run(self) -> None:
        """Hand over until cancelled. Trouble on either side leaves jobs pending, and is told once, not each time."""
        well = True
        while True:
            await self._awakened()
            try:
                while await self.hand_over():
                    pass
            except TROUBLE as error:
                if well:
                    log.warning("hand_over_stopped", error=str(error) or type(error).__name__)
                well = False
                await asyncio.sleep(min(0.5, self._pace.poll_s))
                self._wake.set()
            else:
                if not well:
                    log.info("hand_over_resumed")
                well = True
            await asyncio.sleep(BREATH_S)  # under load, one pass serves many wakes

    async def hand_over(self) -> bool:
        """One batch; whether there may be more."""
        async with self._ledger.taking(BATCH, self._window, self._share, self._after) as jobs:
            if jobs:
                await self._queue.hand_over(jobs, attempts_of)
        if jobs:
            self._after = jobs[-1].lane
        return len(jobs) == BATCH

    async def listen(self) -> None:
        """Wake at each commit that wrote a job; while deaf, the poll does."""
        while True:
            try:
                async with await Connection.connect(
                    self._listen_dsn, application_name="payaid work listen", **CONNECT
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.nudge()
                    while True:
                        async for _notice in connection.notifies(timeout=LISTEN_S):
                            self.nudge()
                        with answers_within(connection, ANSWER_S):  # a connection that died in silence says so now
                            await connection.execute("SELECT 1")
            except (psycopg.Error, OSError) as error:
                log.warning("deaf", error=str(error) or type(error).__name__)
                await asyncio.sleep(self._pace.poll_s)

    async def _awakened(self) -> None:
        try:
            async with asyncio.timeout(self._pace.poll_s):
                await self._wake.wait()
        except TimeoutError:
            pass  # the poll: scheduled jobs fall due without a notice
        self._wake.clear()


def attempts_of(task: str) -> int:
    """How often BullMQ may try a task; for one that this release does not know, once."""
    found = registry.find(task)
    return found.policy.attempts if found else 1
