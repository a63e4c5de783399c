"""Keeps the leases of what runs, takes their progress along, and stops what is no longer ours or no longer wanted."""

import asyncio
from collections.abc import Mapping

import structlog

from payaid.jobs.execute import DATABASE_AWAY
from payaid.jobs.job import Job
from payaid.jobs.ledger import Ledger
from payaid.jobs.policy import Pace

# After a beat without an answer.
AGAIN_S = 0.5
log = structlog.get_logger("payaid.jobs.heartbeat")


class Heartbeat:
    """One statement a beat, for all of the worker's jobs together."""

    def __init__(self, ledger: Ledger, running: Mapping[str, Job], pace: Pace) -> None:
        self._ledger = ledger
        self._running = running
        self._pace = pace

    async def run(self) -> None:
        """Beat until cancelled. Without an answer for nearly a lease, others may take over: then nothing is ours."""
        loop = asyncio.get_running_loop()
        answered, pause_s = loop.time(), self._pace.beat_s
        while True:
            await asyncio.sleep(pause_s)
            mine = dict(self._running)
            asked = loop.time()
            # A beat before its end the lease is given up, so that nothing of ours is under way when others take over.
            last = answered + self._pace.lease_s - self._pace.beat_s
            try:
                ours = await self._beat(mine, min(self._pace.beat_s, max(last - asked, AGAIN_S)))
                answered, pause_s = asked, self._pace.beat_s
            except DATABASE_AWAY as error:
                log.warning("beat_failed", error=str(error) or type(error).__name__)
                pause_s = AGAIN_S
                if loop.time() + AGAIN_S < last:
                    continue
                ours = {}
            for job_id, job in mine.items():
                if job_id not in ours:
                    job.stop("fenced")
                elif ours[job_id]:
                    job.stop("cancelled")

    async def _beat(self, mine: Mapping[str, Job], within_s: float) -> dict[str, bool]:
        if not mine:
            return {}
        leases = [(job.id, job.fence, job.progress) for job in mine.values()]
        return await self._ledger.beat(leases, self._pace.lease_s, within_s)
