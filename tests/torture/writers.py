"""Those who write: through the API, looking at once at what they wrote; and as another program, by SQL."""

import asyncio
import contextlib
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from tests.torture.clients import DEALS, Attempt, Caller, World
from tests.torture.generator import ROWS, STAGES, Dice, Tenant
from tests.torture.history import Outcome, Write


async def api_writer(world: World, dice: Dice, pause_s: float) -> None:
    """Writes through the API until it is over, and looks at once at what it wrote, over any connection."""
    caller = Caller(world, dice)
    try:
        while not world.over:
            tenant = dice.tenant(world.tenants)
            write = await _api_change(world, caller, tenant)
            if write and write.token and dice.random.random() < 0.6:
                await caller.some(tenant, write)
            await asyncio.sleep(dice.pause(pause_s))
    finally:
        await caller.close()


async def _api_change(world: World, caller: Caller, tenant: Tenant) -> Write | None:
    dice, change = caller.dice, caller.dice.change(tenant)
    if change == "create" or len(tenant.rows) < ROWS:
        return await _api_create(world, caller, tenant)
    row = dice.row(tenant, writable=True)
    if row is None:
        return None
    async with row.lock:
        gone = change == "delete" and len(tenant.rows) > ROWS
        state = None if gone else dice.stage()
        attempt = world.began(tenant, row, tenant.version(), state, "api")
        if gone:
            answer = await caller.ask(tenant, "DELETE", f"{DEALS}/{row.id}")
        else:
            body = {"value": attempt.version, "stage": state}
            answer = await caller.ask(tenant, "PATCH", f"{DEALS}/{row.id}", body)
        return _concluded(world, attempt, answer)


async def _api_create(world: World, caller: Caller, tenant: Tenant) -> Write:
    """POST with an Idempotency-Key; what is not known is asked again with the same key, and done once at most."""
    row, dice = tenant.fresh_row(), caller.dice
    async with row.lock:
        attempt = world.began(tenant, row, tenant.version(), dice.stage(), "api")
        body = {"name": tenant.full_name(row), "value": attempt.version, "stage": attempt.state}
        key = {"idempotency-key": f"{tenant.mark}-{row.name}"}
        for _ in range(3):
            answer = await caller.ask(tenant, "POST", DEALS, body, key)
            if outcome(answer) is not Outcome.UNKNOWN and not (answer is not None and answer.status_code == 409):
                break
            await asyncio.sleep(0.3)
        return _concluded(world, attempt, answer)


def _concluded(world: World, attempt: Attempt, answer: httpx.Response | None) -> Write:
    known = outcome(answer)
    if answer is None or known is not Outcome.DONE:
        if answer is not None and answer.status_code not in {409, 503, 504}:
            world.odd(f"a write was answered {answer.status_code}: {answer.text[:300]}")
        # A create that was asked before may have happened, whatever the last answer says.
        if known is Outcome.FAILED and answer is not None and not attempt.row.id and attempt.state is not None:
            known = Outcome.UNKNOWN
        return attempt.ended(known)
    token = answer.headers.get("x-payaid-stamp", "")
    return attempt.ended(Outcome.DONE, token, answer.json()["id"] if answer.status_code == 201 else "")


def outcome(answer: httpx.Response | None) -> Outcome:
    """What an answer to a write says of it."""
    if answer is None or answer.status_code in {409, 500, 504}:
        return Outcome.UNKNOWN
    if answer.status_code == 503:
        return Outcome.UNKNOWN if "not known" in answer.text else Outcome.FAILED
    return Outcome.DONE if answer.is_success else Outcome.FAILED


UPDATE = """
UPDATE "Deal" AS d SET value = v.version, stage = v.stage
FROM unnest(%s::text[], %s::int[], %s::text[]) AS v (id, version, stage)
WHERE d.id = v.id AND d."tenantId" = %s
"""
INSERT = 'INSERT INTO "Deal" (id, name, value, stage, "tenantId") VALUES (%s, %s, %s, %s, %s)'
DELETE = 'DELETE FROM "Deal" WHERE id = %s AND "tenantId" = %s'


class _RolledBack(Exception):
    pass


async def sql_writer(world: World, dice: Dice, pause_s: float) -> None:
    """Another program that writes by SQL, directly, with no token: one row, many rows, and now and then a rollback."""
    while not world.over:
        with contextlib.suppress(psycopg.OperationalError):
            connection = await psycopg.AsyncConnection.connect(world.owner_url, autocommit=True, connect_timeout=3)
            async with connection:
                while not world.over:
                    await sql_change(world, dice, connection, dice.tenant(world.tenants))
                    await asyncio.sleep(dice.pause(pause_s))
        await asyncio.sleep(0.1)


async def sql_change(
    world: World, dice: Dice, connection: psycopg.AsyncConnection[Any], tenant: Tenant, change: str = ""
) -> None:
    """One committed statement, or one that is rolled back."""
    change = change or dice.change(tenant)
    rows = dice.several(tenant) if change == "bulk" else [one for one in [dice.row(tenant, writable=True)] if one]
    if change == "create" or not rows:
        rows, change = [tenant.fresh_row()], "create"
    if change == "delete" and len(tenant.rows) <= ROWS:
        change = "update"
    async with contextlib.AsyncExitStack() as held:
        for row in rows:
            await held.enter_async_context(row.lock)
        states = [None if change == "delete" else dice.random.choice(STAGES) for _ in rows]
        attempts = [world.began(tenant, row, tenant.version(), state, f"sql {change}")
                    for row, state in zip(rows, states, strict=True)]  # fmt: skip
        known = Outcome.UNKNOWN
        try:
            async with connection.transaction():
                try:
                    await _run(connection, tenant, change, attempts)
                except psycopg.OperationalError:
                    known = Outcome.FAILED
                    raise
                if change == "rollback":
                    raise _RolledBack
            known = Outcome.DONE
        except _RolledBack:
            known = Outcome.FAILED
        finally:
            for attempt in attempts:
                attempt.ended(known)


async def _run(connection: psycopg.AsyncConnection[Any], tenant: Tenant, change: str, attempts: list[Attempt]) -> None:
    first = attempts[0]
    if change == "create":
        first.row.id = str(uuid4())  # says nothing of its tenant: the API repeats what it was asked for
        values = (first.row.id, tenant.full_name(first.row), first.version, first.state, tenant.id)
        await connection.execute(INSERT, values)
    elif change == "delete":
        await connection.execute(DELETE, (first.row.id, tenant.id))
    else:
        columns = [list(one) for one in zip(*((a.row.id, a.version, a.state) for a in attempts), strict=True)]
        await connection.execute(UPDATE, (*columns, tenant.id))
