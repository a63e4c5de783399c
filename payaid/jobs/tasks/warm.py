"""Warms a tenant's cache, so that what a person opens after logging in is there already."""

from contextlib import AsyncExitStack
from typing import Any

from payaid.datapath import DataPath
from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy, Transient
from payaid.principal import Principal
from payaid.resources import catalogue
from payaid.rules.tiers import Tier

POLICY = Policy(Effect.NONE, deadline_s=30.0)


async def run(job: Job) -> Any:
    """Read what requests will read, through the store that they read from."""
    path: DataPath = await job.services.shared("datapath", lambda closing: _open(job, closing))
    if not await path.heard(within_s=5.0):
        raise Transient("change notices do not arrive, so nothing could be kept")
    modules = tuple(job.payload.get("modules") or catalogue().modules)
    reader = Principal(job.tenant, "", "", "owner", (), modules, Tier.ENTERPRISE)
    warmed = await path.warmer.warm(reader)
    if warmed.failed:
        raise Transient("; ".join(warmed.failed))
    return {"entries": warmed.entries, "bytes": warmed.bytes}


async def _open(job: Job, closing: AsyncExitStack) -> DataPath:
    return await closing.enter_async_context(DataPath(job.services.settings).running())
