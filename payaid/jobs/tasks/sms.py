"""Send one SMS to one number. A repeat costs and annoys, so an uncertain end waits for a person."""

from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy
from payaid.jobs.sms.message import compose
from payaid.jobs.sms.provider import provider

POLICY = Policy(Effect.OUTWARD_ONCE, deadline_s=60.0)


async def run(job: Job) -> Any:
    """Send payload {to, template, values}: by whom it was taken, and under which id."""
    carrier = provider(job.services.settings)
    sms = compose(str(job.payload["to"]), str(job.payload["template"]), job.payload.get("values") or {})
    carrier.check(sms)
    await job.act()
    return await carrier.send(job, sms)
