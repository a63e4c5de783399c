"""An outward task that may be repeated: appends its job's id to a file, which is the world outside."""

import asyncio
from pathlib import Path
from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.OUTWARD)


async def run(job: Job) -> Any:
    await job.act()
    await asyncio.to_thread(tell, Path(job.payload["world"]), job.id)
    if job.fence == 1:
        await asyncio.sleep(job.payload.get("dawdle", 0.0))
        if job.payload.get("breaks"):
            raise ConnectionError("the line went dead after the sending")


def tell(world: Path, text: str) -> None:
    with world.open("a", encoding="utf-8") as open_world:
        open_world.write(f"{text}\n")
