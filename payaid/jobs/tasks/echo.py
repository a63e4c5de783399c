"""The health round trip: proves outbox, relay, queue, worker and record by going through all of them."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.NONE, deadline_s=5.0)


async def run(job: Job) -> Any:
    """Answer with what was sent."""
    return job.payload
