"""Write a tenant's payment reminders that are due today: one for each overdue invoice and stage, once."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.mail.carrier import configured
from payaid.jobs.outbox import enqueue
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.DATABASE, deadline_s=120.0)
# Nobody is reminded of what has been overdue for longer: that is no longer a matter for a machine's mail.
GRACE_DAYS = 14
QUERY = """
WITH late AS (
    SELECT i.id, coalesce(i."customerEmail", c.email) AS email, t."reminderDays" AS days,
           (now() AT TIME ZONE 'Asia/Kolkata')::date - (i."dueDate" AT TIME ZONE 'Asia/Kolkata')::date AS age
    FROM "Invoice" AS i JOIN "Tenant" AS t ON t.id = i."tenantId"
    LEFT JOIN "Contact" AS c ON c."tenantId" = i."tenantId" AND c.id = i."customerId"
    WHERE i."tenantId" = %(tenant)s AND i.status = 'overdue' AND i."loadRun" IS NULL
      AND i."dueDate" < payaid.indian_midnight()
), due AS (  -- the highest stage that is reached; what an outage let pass is not made up for
    SELECT id, email, (SELECT max(day) FROM unnest(days) AS day WHERE day <= age) AS stage
    FROM late WHERE email IS NOT NULL AND age <= (SELECT max(day) FROM unnest(days) AS day) + %(grace)s
)
INSERT INTO "InvoiceReminder" AS r ("tenantId", "invoiceId", stage)
SELECT %(tenant)s, due.id, due.stage FROM due
WHERE due.stage IS NOT NULL AND NOT EXISTS (
    SELECT FROM "InvoiceReminder" AS later
    WHERE later."tenantId" = %(tenant)s AND later."invoiceId" = due.id AND later.stage >= due.stage)
ON CONFLICT DO NOTHING
RETURNING "invoiceId", stage, (SELECT due.email FROM due WHERE due.id = r."invoiceId")
"""


async def run(job: Job) -> Any:
    """Record and write them in one transaction, so that each is sent once; how many."""
    if not configured(job.services.settings):
        return {"skipped": "no mail can be sent from here"}
    cursor = await job.db.execute(QUERY, {"tenant": job.tenant, "grace": GRACE_DAYS})
    reminders = await cursor.fetchall()
    for invoice, stage, email in reminders:
        payload = {"invoiceId": invoice, "to": email, "stage": stage}
        await enqueue(job.db, job.tenant, "payment_reminder", payload, priority="low", ordered_by=f"invoice/{invoice}")
    return {"reminders": len(reminders)}
