"""A database task without frills: one contact per job, named by its id, so that a second effect would be seen."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.DATABASE)


async def run(job: Job) -> Any:
    await job.db.execute('INSERT INTO "Contact" (name, "tenantId") VALUES (%s, %s)', (job.id, job.tenant))
    return {}
