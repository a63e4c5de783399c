"""Warms a tenant's cache, so that what a person opens after logging in is there already."""

from contextlib import AsyncExitStack
from typing import Any

from payaid.cache.warm import reader
from payaid.datapath import DataPath
from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy, Transient

POLICY = Policy(Effect.NONE, deadline_s=30.0)


async def run(job: Job) -> Any:
    """Read what requests will read, and keep it where they look. Payload: modules, and user where one logged in."""
    path: DataPath = await job.services.shared("datapath", lambda closing: _open(job, closing))
    if not await path.heard(within_s=5.0):
        raise Transient("change notices do not arrive, so nothing could be kept")
    warmed = await path.warmer.warm(reader(job.tenant, job.payload["modules"], job.payload.get("user", "")))
    if warmed.failed:
        raise Transient("; ".join(warmed.failed))
    return {"entries": warmed.entries, "bytes": warmed.bytes}


async def _open(job: Job, closing: AsyncExitStack) -> DataPath:
    return await closing.enter_async_context(DataPath(job.services.settings).running())
