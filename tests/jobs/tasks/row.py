"""A database task: one contact per run, so that a second run would be seen. Fails or dawdles as it is told."""

import asyncio
from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Permanent, Policy, Transient

POLICY = Policy(Effect.DATABASE, deadline_s=2.0)


async def run(job: Job) -> Any:
    await job.db.execute('INSERT INTO "Contact" (name, "tenantId") VALUES (%s, %s)', (job.id, job.tenant))
    if job.attempt <= job.payload.get("fails", 0):
        raise Transient(f"attempt {job.attempt} was told to fail")
    if job.payload.get("refuse"):
        raise Permanent("this can never work")
    if job.payload.get("garbles") == "error":
        raise Permanent("they answered \0\ud800nonsense")
    job.tell(0.5)
    # The first attempt only: whoever runs it again, runs through.
    if job.fence == 1:
        await asyncio.sleep(job.payload.get("dawdle", 0.0))
    if job.payload.get("garbles") == "result":
        return {"they\0": ["answered \0nonsense", 7, None]}
    return {"attempt": job.attempt}
