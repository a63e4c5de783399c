"""Remind a buyer of one overdue invoice by mail, with the invoice attached again."""

from datetime import UTC, datetime
from typing import Any

from payaid.jobs.documents import billed, typeset
from payaid.jobs.documents.letters import reminder_values
from payaid.jobs.job import Job
from payaid.jobs.mail.carrier import deliver, sender
from payaid.jobs.mail.message import Attachment, compose
from payaid.jobs.policy import Effect, Policy
from payaid.rules.periods import indian_date

POLICY = Policy(Effect.OUTWARD, deadline_s=90.0)


async def run(job: Job) -> Any:
    """Payload {invoiceId, to, stage}; what the mail server said. Paid or cancelled since, it is not mailed."""
    come_from = sender(job.services.settings)
    found = await billed.read(job, str(job.payload["invoiceId"]))
    if found.invoice["status"] != "overdue":
        return {"skipped": f"the invoice is {found.invoice['status']}"}
    made = await job.compute(typeset.pdf, "invoice", found.sheet(), found.made_at)
    message = compose(
        job.id, come_from, str(job.payload["to"]), "payment-reminder",
        reminder_values(found, indian_date(datetime.now(UTC))), [Attachment(found.file, "application/pdf", made)],
    )  # fmt: skip
    return await deliver(job, message) | {"stage": job.payload["stage"]}
