"""Renew what the tenants in use will read next, before it expires: one low-priority warming job for each."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.NONE)
# An access token lives 15 minutes; who has not renewed it by now has gone.
QUERY = "SELECT payaid.warm_hot_tenants('20 minutes', 200)"


async def run(job: Job) -> Any:
    """Write the jobs; how many tenants are in use."""
    async with job.session() as connection:
        cursor = await connection.execute(QUERY)
        row = await cursor.fetchone()
    return {"tenants": row[0] if row else 0}
