"""Mail an invoice to its buyer, with the PDF."""

from typing import Any

from payaid.jobs.documents import billed, typeset
from payaid.jobs.documents.letters import invoice_values
from payaid.jobs.job import Job
from payaid.jobs.mail.carrier import deliver, sender
from payaid.jobs.mail.message import Attachment, compose
from payaid.jobs.policy import Effect, Permanent, Policy

POLICY = Policy(Effect.OUTWARD, deadline_s=90.0)


async def run(job: Job) -> Any:
    """Payload {invoiceId, to, message}; what the mail server said.

    Raises:
        Permanent: it was cancelled since, so it must not reach anybody as a bill.
    """
    come_from = sender(job.services.settings)
    found = await billed.read(job, str(job.payload["invoiceId"]))
    if found.invoice["status"] in ("draft", "cancelled"):
        raise Permanent(f"the invoice is {found.invoice['status']}, and is not sent")
    made = await job.compute(typeset.pdf, "invoice", found.sheet(), found.made_at)
    values = invoice_values(found, str(job.payload.get("message") or ""))
    message = compose(
        job.id, come_from, str(job.payload["to"]), "invoice", values, [Attachment(found.file, "application/pdf", made)]
    )
    return await deliver(job, message) | {"to": job.payload["to"], "number": found.invoice["invoiceNumber"]}
