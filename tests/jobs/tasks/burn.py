"""Compute something in another process."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy
from tests.jobs.burning import burn

POLICY = Policy(Effect.NONE, deadline_s=2.0, attempts=1)


async def run(job: Job) -> Any:
    return await job.compute(burn, job.payload["world"], how=job.payload["how"])
