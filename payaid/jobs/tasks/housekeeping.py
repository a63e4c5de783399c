"""Forget what is long over: ended jobs, files that no link leads to, idempotency keys that nobody repeats."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString

from payaid.jobs.job import Job
from payaid.jobs.policy import Effect, Policy

POLICY = Policy(Effect.NONE, deadline_s=300.0)
BATCH = 5000
# A job that ended badly can be done again for so long without sending its upload again.
KEEP_UPLOADS = timedelta(days=7)
SWEEPS: dict[str, LiteralString] = {
    # What went well is of use for a week; a dead letter for a quarter, because someone may still ask.
    "jobs": "SELECT payaid.jobs_forget('7 days', '90 days', %s)",
    "idempotencyKeys": "SELECT payaid.idempotency_forget('24 hours', %s)",
}


async def run(job: Job) -> Any:
    """Delete in batches, each its own commit, so that nobody waits for a long one; how many went."""
    files = job.services.files
    # Asked before the files' ages are: an upload that a job names later is younger than any that goes.
    wanted = await _wanted(job)
    # A link dies first; who has begun to fetch the file has an hour to end.
    gone = {"files": await asyncio.to_thread(files.sweep, files.keep_s + 3600, wanted)}
    for name, query in SWEEPS.items():
        gone[name] = 0
        while True:
            async with job.session() as connection:
                cursor = await connection.execute(query, (BATCH,))
                row = await cursor.fetchone()
            deleted = row[0] if row else 0
            gone[name] += deleted
            if deleted < BATCH:
                break
    return gone


async def _wanted(job: Job) -> set[Path]:
    """The folders of uploads that a job may still read."""
    if not job.services.settings.files_dir:
        return set()
    async with job.session() as connection:
        cursor = await connection.execute("SELECT * FROM payaid.uploads_wanted(%s)", (KEEP_UPLOADS,))
        rows = await cursor.fetchall()
    return {job.services.files.of_upload(tenant, upload).parent for tenant, upload in rows if upload}
