"""The jobs of a target: what the outbox holds, told as findings, and what an operator may do about it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Status
from payaidctl.probes import _postgres
from payaidctl.target import Target

Rows = list[dict[str, Any]]
NEEDS_A_PERSON = ("dead", "uncertain")
STATES = ("scheduled", "pending", "handed", "running", "retrying", "uncertain", "dead", "done", "cancelled")
CENSUS = "SELECT task, state, jobs, oldest_s FROM payaid.jobs_census() ORDER BY state, task"
JOBS = """
SELECT id, task, state, "tenantId", attempts, crashes, uncertain, error, progress, "claimedBy", history, result,
       "createdAt", "notBefore", "handedAt", "claimedAt", "finishedAt", payload, "orderedBy", "loadRun",
       extract(epoch FROM clock_timestamp() - "createdAt")::float8 AS age_s
FROM "Outbox"
WHERE (%(states)s::text[] IS NULL OR state = ANY (%(states)s))
  AND (%(task)s::text IS NULL OR task = %(task)s)
  AND (%(tenant)s::text IS NULL OR "tenantId" = %(tenant)s)
  AND (%(ids)s::text[] IS NULL OR id = ANY (%(ids)s))
  AND (uncertain > 0 OR NOT %(repeated)s)
ORDER BY seq DESC LIMIT %(limit)s
"""
RUNNING = """SELECT count(*)::int AS jobs FROM "Outbox" WHERE state = 'running' AND "leaseUntil" > now()"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs are meant; None is any. `repeated`: only those whose act may have been seen twice."""

    states: Sequence[str] | None = None
    task: str | None = None
    tenant: str | None = None
    ids: Sequence[str] | None = None
    repeated: bool = False
    limit: int = 50


@asynccontextmanager
async def open_outbox(target: Target, timeout_s: float) -> AsyncIterator[AsyncConnection[dict[str, Any]]]:
    """The target's database, if it has an outbox.

    Raises:
        UsageError: it has none.
        Unreachable: it does not answer.
    """
    async with _postgres.connect(target.direct_url, timeout_s) as connection:
        cursor = await connection.execute("SELECT to_regprocedure('payaid.jobs_census()') IS NOT NULL AS there")
        row = await cursor.fetchone()
        if not row or not row["there"]:
            raise UsageError(f"{target} has no outbox", "name a payaid database, or run `payaidctl migrate`")
        yield connection


async def overview(target: Target, timeout_s: float) -> list[Finding]:
    """One finding for each state and task that has jobs."""
    async with open_outbox(target, timeout_s) as connection:
        rows = await (await connection.execute(CENSUS)).fetchall()
    if not rows:
        return [Finding("outbox.open", Status.PASS, "No job is open, and none is dead")]
    return [
        Finding(
            f"{row['state']}/{row['task']}",
            status_of(row["state"], 0),
            f"{row['jobs']:,} {row['state']}",
            observed=f"oldest due for {_ago(row['oldest_s'])}" if (row["oldest_s"] or 0) > 0 else "not due yet",
            evidence=dict(row),
            advice="payaidctl jobs dead" if row["state"] in NEEDS_A_PERSON else "",
        )
        for row in rows
    ]


async def jobs(target: Target, timeout_s: float, wanted: Wanted) -> Rows:
    """The jobs that are meant, newest first."""
    values = {
        "states": list(wanted.states) if wanted.states else None,
        "task": wanted.task,
        "tenant": wanted.tenant,
        "ids": list(wanted.ids) if wanted.ids else None,
        "repeated": wanted.repeated,
        "limit": wanted.limit,
    }
    async with open_outbox(target, timeout_s) as connection:
        return await (await connection.execute(JOBS, values)).fetchall()


async def retry(target: Target, timeout_s: float, wanted: Wanted) -> list[Finding]:
    """Do these jobs again; one finding each. A job that is in no state for it fails."""
    rows = await jobs(target, timeout_s, wanted)
    missing = [one for one in wanted.ids or () if one not in {row["id"] for row in rows}]
    found = [Finding(f"retry/{one}", Status.FAIL, "There is no such job") for one in missing]
    async with open_outbox(target, timeout_s) as connection:
        for row in rows:
            async with connection.transaction():
                await connection.execute("SELECT set_config('payaid.tenant_id', %s, true)", (row["tenantId"] or "",))
                cursor = await connection.execute("SELECT payaid.job_retry(%s) AS again", (row["id"],))
                again = (await cursor.fetchone() or {}).get("again")
            found.append(
                Finding(
                    f"retry/{row['id']}",
                    Status.PASS if again else Status.FAIL,
                    f"{row['task']} of {row['tenantId'] or 'no tenant'}",
                    observed="pending again" if again else f"is {row['state']}",
                    expected="dead, uncertain or cancelled",
                )
            )
    return found


async def drain(target: Target, timeout_s: float, wait_s: float) -> Finding:
    """Let workers take nothing more, and wait until nothing runs. New jobs wait in the outbox until `resume`."""
    await _pause(target, paused=True)
    until = time.monotonic() + wait_s
    async with open_outbox(target, timeout_s) as connection:
        while True:
            row = await (await connection.execute(RUNNING)).fetchone()
            running = row["jobs"] if row else 0
            if not running or time.monotonic() > until:
                break
            await asyncio.sleep(0.1)
    return Finding(
        "queue.drained",
        Status.FAIL if running else Status.PASS,
        "The queue is paused and nothing runs",
        observed=f"{running} running after {wait_s:g} s" if running else "paused, 0 running",
        expected="0 running",
        advice="payaidctl jobs drain --resume starts work again",
    )


async def resume(target: Target) -> Finding:
    """Let workers take jobs again."""
    await _pause(target, paused=False)
    return Finding("queue.resumed", Status.PASS, "Workers take jobs again")


async def _pause(target: Target, *, paused: bool) -> None:
    from redis.exceptions import RedisError

    from payaid.jobs.queue import JobQueue, open_redis
    from payaidctl.errors import Unreachable

    client = open_redis(target.need("QUEUE_REDIS_URL"))
    try:
        await JobQueue(client).pause(paused=paused)
    except (RedisError, OSError) as error:
        raise Unreachable(f"the queue's Redis: {error}", "payaidctl ping queue") from error
    finally:
        await client.aclose()


def finding_of(row: dict[str, Any]) -> Finding:
    """One job as a finding. Pure."""
    parts = [f"{_ago(row['age_s'])} old"]
    parts += [f"{row[name]} {word}" for name, word in (("attempts", "failed"), ("crashes", "crashed")) if row[name]]
    if row["uncertain"]:
        parts.append(f"{row['uncertain']} uncertain")
    if row["error"]:
        parts.append(row["error"])
    hidden = ("payload", "history", "result")
    return Finding(
        f"{row['state']}/{row['id']}",
        status_of(row["state"], row["uncertain"]),
        f"{row['task']} of {row['tenantId'] or 'no tenant'}",
        observed=", ".join(parts),
        evidence={name: value for name, value in row.items() if name not in hidden},
        advice=f"payaidctl jobs show {row['id']}" if row["state"] in NEEDS_A_PERSON else "",
    )


def attempts_of(row: dict[str, Any]) -> list[Finding]:
    """The failed attempts of one job that are on file. Pure."""
    return [
        Finding(
            f"attempts/{number}",
            Status.WARN,
            f"{one['at']} on {one['worker']}" + (", outcome unknown" if one["uncertain"] else ""),
            observed=one["cause"],
        )
        for number, one in enumerate(row["history"], start=1)
    ]


def status_of(state: str, uncertain: int) -> Status:
    """What a state means to an operator: dead and undecided jobs fail, possible repeats and retries warn."""
    if state in NEEDS_A_PERSON:
        return Status.FAIL
    return Status.WARN if uncertain or state == "retrying" else Status.PASS


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
