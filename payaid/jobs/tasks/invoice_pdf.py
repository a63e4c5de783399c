"""Make the PDF of an invoice, to be downloaded."""

from typing import Any

from payaid.jobs.documents import billed, typeset
from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.NONE, deadline_s=60.0)


async def run(job: Job) -> Any:
    """Payload {invoiceId}; where the file can be fetched."""
    found = await billed.read(job, str(job.payload["invoiceId"]))
    made = await job.compute(typeset.pdf, "invoice", found.sheet(), found.made_at)
    async with job.file(found.file) as out:
        await out.write(made)
    return out.result
