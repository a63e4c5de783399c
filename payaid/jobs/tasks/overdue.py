"""Find the tenants that have invoices past their due date, and write each its own job."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.NONE, deadline_s=120.0)
# What is to be done -> the state of the invoices that it is about.
WORK = {"mark_overdue": "sent", "remind_overdue": "overdue"}


async def run(job: Job) -> Any:
    """Payload {task}: mark_overdue or remind_overdue; how many tenants have work."""
    task = str(job.payload["task"])
    async with job.session() as connection:
        cursor = await connection.execute("SELECT payaid.overdue_jobs(%s, %s)", (task, WORK[task]))
        row = await cursor.fetchone()
    return {"tenants": row[0] if row else 0}
