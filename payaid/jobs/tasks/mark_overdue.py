"""Mark a tenant's invoices as overdue whose due date has passed in India; each is told to its webhooks."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.DATABASE, deadline_s=120.0)
QUERY = """
UPDATE "Invoice" SET status = 'overdue'
WHERE "tenantId" = %s AND status = 'sent' AND "dueDate" < payaid.indian_midnight()
"""


async def run(job: Job) -> Any:
    """All of them in one statement; how many."""
    cursor = await job.db.execute(QUERY, (job.tenant,))
    return {"invoices": cursor.rowcount}
