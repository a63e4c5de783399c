"""Turn a recording that was uploaded into text."""

import asyncio
from pathlib import Path
from typing import Any

from payaid.jobs import ai
from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Permanent, Policy

POLICY = Policy(Effect.NONE, deadline_s=300.0)
# What services of this kind take at most.
LIMIT = 26_214_400


async def run(job: Job) -> Any:
    """Payload {upload}; {text}."""
    if job.load_run:
        return {"skipped": f"load run {job.load_run}"}
    path = job.upload()
    sound = await asyncio.to_thread(_read, path)
    return {"text": await ai.transcript(job, path.name, sound)}


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LIMIT:
            raise Permanent(f"a recording may have {LIMIT} bytes at most")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Permanent("the recording has been removed; upload it again") from error
