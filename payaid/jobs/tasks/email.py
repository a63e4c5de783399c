"""Send one mail to one address: what the server says decides, and nothing is called sent that was not."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.mail.carrier import deliver, sender
from payaid.jobs.mail.message import attached, compose
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.OUTWARD, deadline_s=60.0)


async def run(job: Job) -> Any:
    """Send payload {to, template, values, attachments: [{filename, type, base64}]}; what the server said."""
    given = job.payload
    message = compose(
        job.id, sender(job.services.settings), str(given["to"]), str(given["template"]), given.get("values") or {},
        attached(given.get("attachments") or []),
    )  # fmt: skip
    return await deliver(job, message)
