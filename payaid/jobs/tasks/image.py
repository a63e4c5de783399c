"""Have a picture drawn from words, to be downloaded."""

from typing import Any

from payaid.jobs import ai
from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.NONE, deadline_s=300.0)


async def run(job: Job) -> Any:
    """Payload {prompt, size}; where the PNG can be fetched."""
    if job.load_run:
        return {"skipped": f"load run {job.load_run}"}
    drawn = await ai.picture(job, str(job.payload["prompt"]), str(job.payload["size"]))
    async with job.file("image.png") as out:
        await out.write(drawn)
    return out.result
