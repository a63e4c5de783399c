"""What Redis lost, or holds for finished while the table does not, is added again."""

import asyncio

import structlog

from payaid.jobs.ledger import Ledger
from payaid.jobs.policy import Pace
from payaid.jobs.queue import JobQueue
from payaid.jobs.relay import TROUBLE, attempts_of

log = structlog.get_logger("payaid.jobs.sweeper")


class Sweeper:
    """Compares the table's open jobs with Redis: the overdue at each pass, all of them once Redis has restarted."""

    def __init__(self, ledger: Ledger, queue: JobQueue, pace: Pace) -> None:
        self._ledger = ledger
        self._queue = queue
        self._pace = pace
        self._server_run: str | None = None
        self.restored = 0

    async def run(self) -> None:
        """Sweep until cancelled; while either side is away there is nothing to compare."""
        while True:
            try:
                await self.sweep()
            except TROUBLE as error:
                log.debug("sweep_failed", error=str(error) or type(error).__name__)
            await asyncio.sleep(self._pace.sweep_s)

    async def sweep(self) -> int:
        """One pass; how many jobs it added again."""
        server_run = await self._queue.server_run()
        restarted = self._server_run is not None and server_run != self._server_run
        strays = await self._ledger.strays(0.0 if restarted else self._pace.stray_s)
        restored = await self._queue.restore(strays, attempts_of) if strays else 0
        self._server_run = server_run
        self.restored += restored
        if restored:
            log.warning("restored", jobs=restored, redis_restarted=restarted)
        return restored
