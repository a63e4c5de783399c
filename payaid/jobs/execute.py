"""One delivery from Redis: claim, run, conclude. The table decides; BullMQ is told what it decided."""

import asyncio
import random
import shutil
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import structlog
from bullmq.custom_errors.delayed_error import DelayedError
from bullmq.custom_errors.unrecoverable_error import UnrecoverableError

from payaid import observe
from payaid.db.writing import LOST
from payaid.jobs import registry
from payaid.jobs.job import Fenced, Job, Services
from payaid.jobs.ledger import Claim, Ledger
from payaid.jobs.policy import Effect, NotNow, Pace, Permanent, Policy, Transient, Uncertain, Verdict, judge
from payaid.jobs.queue import AWAY, Again
from payaid.jobs.registry import Task
from payaid.observe import JobEnded, JobStarted

# LOST has a standby as well: where a failover is under way, the primary's address may lead to one for a while.
DATABASE_AWAY = (*LOST, OSError, TimeoutError)
PERSIST_S = 60.0
CAUSE_LIMIT = 2000
log = structlog.get_logger("payaid.jobs")


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended, and what BullMQ's processor must raise to tell it so."""

    outcome: str
    answer: Exception | None = None


class Executor:
    """Runs deliveries. `running` holds the attempts under way, which the heartbeat keeps leased; `draining`, it claims
    nothing more."""

    def __init__(self, ledger: Ledger, services: Services, worker: str, pace: Pace, ended: Callable[[], None]) -> None:
        self.running: dict[str, Job] = {}
        self.draining = False
        self._ledger = ledger
        self._services = services
        self._worker = worker
        self._pace = pace
        self._ended = ended

    async def process(self, delivery: Any, token: str) -> None:
        """BullMQ's processor. Returns when the job is over, raises what BullMQ must do otherwise."""
        if self.draining:  # a fetch that was under way when the drain began
            await _put_back(delivery, token, 1.0)
            raise DelayedError
        task = registry.find(delivery.name) or _unknown(delivery.name)
        try:
            claim = await self._ledger.claim(
                delivery.id, self._worker, self._pace.lease_s, once=task.policy.effect is Effect.OUTWARD_ONCE
            )
        except DATABASE_AWAY as error:
            log.warning("claim_failed", job=delivery.id, error=str(error) or type(error).__name__)
            await _put_back(delivery, token, 1.0 + random.random())
            raise DelayedError from error
        if claim.verdict == "busy":
            await _put_back(delivery, token, claim.wait_s + 0.1)
            raise DelayedError
        if claim.verdict == "run":
            await self._run(delivery, token, task, claim)

    async def _run(self, delivery: Any, token: str, task: Task, claim: Claim) -> None:
        job = Job(delivery.id, claim, self._ledger, self._services)
        observe.emit(JobStarted(task.name, claim.lag_s, claim.fence == 1))
        began = time.monotonic()
        ending = Ending("lost")
        if early := self.running.get(job.id):
            early.stop("fenced")  # this process had it, lost it while it was stopped, and is given it again
        self.running[job.id] = job
        try:
            ending = await self._ending(task, job, delivery, token)
        except Exception:
            # Its end could not be recorded: the lease runs out, and the next claim counts a crash.
            log.exception("end_not_recorded", job=job.id, task=task.name)
            raise
        finally:
            if self.running.get(job.id) is job:
                del self.running[job.id]
            observe.emit(JobEnded(task.name, ending.outcome, time.monotonic() - began))
            self._ended()
            if ending.outcome != "done":
                log.info(
                    "attempt_ended", job=job.id, task=task.name, outcome=ending.outcome, attempt=job.attempt,
                    cause=str(ending.answer or ""),
                )  # fmt: skip
        if ending.answer:
            raise ending.answer

    async def _ending(self, task: Task, job: Job, delivery: Any, token: str) -> Ending:
        """Run the attempt to whatever end, and record it."""
        attempt = asyncio.create_task(self._attempt(task, job))
        job.start(attempt)
        try:
            await attempt
        except asyncio.CancelledError:
            if job.stopping is None:
                raise  # the worker itself is being torn down; the lease will run out
            return await self._stopped(task, job, delivery, token)
        except Fenced:
            return Ending(await self._record(job, Verdict("cancelled"), "cancelled"))
        except NotNow as error:
            return await self._released(job, delivery, token, error.after_s * (1 + random.random()))
        except Exception as error:  # noqa: BLE001  a task may raise anything; every end is recorded
            return await self._failed(task, job, error)
        for folder in job.leftovers:
            # What cannot be removed now is housekeeping's.
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return Ending("done")

    async def _attempt(self, task: Task, job: Job) -> None:
        """The task and the record of its end: one commit for database tasks, one after the other for all else."""
        outward = task.policy.effect in (Effect.OUTWARD, Effect.OUTWARD_ONCE)
        if outward and job.load_run:
            await self._done(job, {"skipped": f"load run {job.load_run}"})
        elif task.policy.effect is Effect.DATABASE:
            async with asyncio.timeout(task.policy.deadline_s), job.committing():
                result = await task.run(job)
                if not await self._ledger.done(job.id, job.fence, result, job.db):
                    raise Fenced(f"job {job.id}: fenced off before committing")
        else:
            async with asyncio.timeout(task.policy.deadline_s):
                result = await task.run(job)
            await self._done(job, result)

    async def _done(self, job: Job, result: Any) -> None:
        job.recording = True
        if not await _persist(lambda: self._ledger.done(job.id, job.fence, result)):
            raise Fenced(f"job {job.id}: fenced off before it was recorded")

    async def _failed(self, task: Task, job: Job, error: Exception) -> Ending:
        cause = _cause(error)
        if job.acted and not isinstance(error, Permanent | Transient | Uncertain):
            error = Uncertain(cause)
        verdict = judge(task.policy, error, job.attempt, random.random())
        outcome = await self._record(job, verdict, cause)
        if outcome == "retrying":
            return Ending(outcome, Again(cause, verdict.after_s))
        return Ending(outcome, UnrecoverableError(cause) if outcome in ("dead", "uncertain") else None)

    async def _stopped(self, task: Task, job: Job, delivery: Any, token: str) -> Ending:
        """The attempt was stopped from outside: fenced (nothing to record), cancelled by a person, or drained."""
        if job.stopping == "fenced":
            return Ending("fenced")
        if job.stopping == "cancelled":
            return Ending(await self._record(job, Verdict("cancelled", uncertain=job.acted), "cancelled"))
        if job.acted:
            return await self._failed(task, job, Uncertain("stopped by a drain while acting"))
        return await self._released(job, delivery, token, 0.0)

    async def _released(self, job: Job, delivery: Any, token: str, after_s: float) -> Ending:
        await _persist(lambda: self._ledger.release(job.id, job.fence))
        await _put_back(delivery, token, after_s)
        return Ending("released", DelayedError())

    async def _record(self, job: Job, verdict: Verdict, cause: str) -> str:
        recorded = await _persist(lambda: self._ledger.fail(job.id, job.fence, verdict, cause))
        return verdict.state if recorded else "fenced"


async def _put_back(delivery: Any, token: str, after_s: float) -> None:
    """Let BullMQ deliver it again after a while; to it, this is no failed attempt."""
    try:
        await delivery.moveToDelayed(round((time.time() + after_s) * 1000), token)
    except AWAY as error:  # then its lock runs out, or the sweeper finds it missing
        log.warning("not_put_back", job=delivery.id, error=str(error) or type(error).__name__)


async def _persist(write: Callable[[], Awaitable[bool]]) -> bool:
    """Record an end even if the database is away for a while: the fence makes a late record harmless, and a lost
    one would make an act uncertain that was not.
    """
    give_up = time.monotonic() + PERSIST_S
    while True:
        try:
            return await write()
        except DATABASE_AWAY:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.5)


def _cause(error: BaseException) -> str:
    """What went wrong and where, in a line or two."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" (at {Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    said = "the attempt's deadline passed" if isinstance(error, TimeoutError) and not str(error) else str(error)
    return f"{type(error).__name__}: {said}"[:CAUSE_LIMIT] + place


def _unknown(name: str) -> Task:
    async def run(_job: Job) -> NoReturn:
        raise Permanent(f"no task named {name!r} in this release")

    return Task(name, Policy(Effect.NONE, attempts=1), run)
