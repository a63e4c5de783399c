"""Background jobs, proven by one: an `echo` written to the outbox comes back done, through queue and worker."""

import asyncio
import json
import time
import uuid
from typing import Any

from payaidctl.errors import Unreachable
from payaidctl.probes import _postgres
from payaidctl.target import Target

NAMED_BY = ("QUEUE_REDIS_URL",)
WRITES = "writes one echo job, waits for it, and removes it"
OPENS = "SELECT to_regclass('public.\"Outbox\"') IS NOT NULL AS there"
ADD = "SELECT payaid.job_add_system(%(id)s, 'echo', %(payload)s::jsonb, 0, NULL)"
READ = 'SELECT state, result, error, "claimedBy" FROM "Outbox" WHERE id = %(id)s'
REMOVE = 'DELETE FROM "Outbox" WHERE id = %(id)s'
OVER = frozenset({"done", "dead", "cancelled", "uncertain"})


async def look(target: Target, timeout_s: float, wait_s: float = 15.0) -> dict[str, Any]:
    """`state` at the end, `returned` if the result is what was sent, and the round trip's milliseconds."""
    job = {"id": f"payaidctl-{uuid.uuid4()}"}
    sent = {"probe": uuid.uuid4().hex}
    async with _postgres.connect(target.direct_url, timeout_s) as connection:
        there = await (await connection.execute(OPENS.encode())).fetchone()
        if not there or not there["there"]:
            raise Unreachable("the database has no outbox", "`payaidctl migrate`")
        begun = time.perf_counter()
        await connection.execute(ADD.encode(), job | {"payload": json.dumps(sent)})
        try:
            row = await _wait(connection, job, begun + wait_s)
        finally:
            await connection.execute(REMOVE.encode(), job)
    return {
        "state": row["state"],
        "returned": row["result"] == sent,
        "trouble": f"; it says: {row['error']}" if row["error"] else "",
        "worker": row["claimedBy"],
        "ms": round((time.perf_counter() - begun) * 1000),
        "waited_s": wait_s,
    }


async def _wait(connection: Any, job: dict[str, str], until: float) -> dict[str, Any]:
    while True:
        cursor = await connection.execute(READ.encode(), job)
        row: dict[str, Any] | None = await cursor.fetchone()
        if row is None:
            raise Unreachable("the job's row vanished while it was waited for")
        if row["state"] in OVER or time.perf_counter() > until:
            return row
        await asyncio.sleep(0.05)
