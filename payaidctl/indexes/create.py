"""Building what is missing and mending what is wrong, then looking again: only the second look counts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection

from payaidctl.errors import Failed
from payaidctl.finding import Finding, Status
from payaidctl.indexes import canonical, declared, estimate
from payaidctl.indexes.build import Builder, Tell, building, refuse
from payaidctl.indexes.declared import Declaration
from payaidctl.indexes.difference import judge
from payaidctl.indexes.findings import finding
from payaidctl.indexes.repair import Plan, plan
from payaidctl.indexes.session import describe, looking
from payaidctl.indexes.watch import Moment


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one plan: how long it took, and why it stopped if it did."""

    plan: Plan
    seconds: float = 0.0
    failure: Failed | None = None


async def plans(
    direct_url: str,
    *,
    index_set: str = "roadmap",
    only: Sequence[str] = (),
    schema: str = "public",
    timeout_s: float = 5,
) -> list[Plan]:
    """What would be run for each declared index; nothing is changed.

    Raises:
        UsageError: a standby, a pooler, an unknown set or index.
        Unreachable: the database cannot be looked at.
    """
    wanted = declared.declarations(index_set, only)
    async with looking(direct_url, "create-indexes", timeout_s) as connection:
        refuse(await describe(connection))
        return await _plans(connection, wanted, schema)


async def create(
    direct_url: str,
    *,
    index_set: str = "roadmap",
    only: Sequence[str] = (),
    schema: str = "public",
    max_wait_s: float | None = None,
    tell: Tell = lambda _: None,
    announce: Callable[[str], None] = lambda _: None,
    volume: Path | None = None,
    timeout_s: float = 5,
) -> list[Finding]:
    """Make each declared index exist, without blocking writers; one finding each, about its state afterwards.

    `tell` hears how each build stands, `announce` what the whole takes. `volume` is a folder on the server's disk,
    where that is known, so that what does not fit is refused.

    Raises:
        UsageError: a standby, a pooler, an unknown set or index.
        Unreachable: the database cannot be looked at.
        Failed: another run is at work.
    """
    wanted = declared.declarations(index_set, only)
    async with looking(direct_url, "create-indexes", timeout_s) as connection:
        server = await describe(connection)
        opened = building(direct_url, server, schema, max_wait_s=max_wait_s, tell=tell, timeout_s=timeout_s)
        async with opened as builder:
            # Planned under the advisory lock: what a run before us did is seen.
            planned = await _plans(connection, wanted, schema)
            if takes := await estimate.check(connection, planned, volume):
                announce(takes)
            done = [await _carry_out(builder, one) for one in planned]
        after = await _plans(connection, wanted, schema)
    return [_told(before, now) for before, now in zip(done, after, strict=True)]


async def _plans(connection: AsyncConnection[Any], wanted: Sequence[Declaration], schema: str) -> list[Plan]:
    read = await canonical.read(connection, wanted, schema)
    judged = [judge(one, read.meanings.get(one.name), read.catalogue) for one in wanted]
    return [plan(one, read.catalogue) for one in judged]


async def _carry_out(builder: Builder, planned: Plan) -> Done:
    """Run one plan's steps; a failure ends this plan and not the run."""
    began = time.monotonic()
    try:
        for step in planned.steps:
            builder.tell(Moment(step, 0.0))
            await builder.run(step)
    except Failed as error:
        return Done(planned, time.monotonic() - began, error)
    return Done(planned, time.monotonic() - began)


def _told(done: Done, now: Plan) -> Finding:
    """The state afterwards decides; what was done to get there is said beside it."""
    found = finding(now.judged)
    advice = "; ".join(filter(None, [done.plan.kept, found.advice if found.status is not Status.PASS else ""]))
    if done.failure is not None:
        return replace(
            found,
            status=Status.FAIL,
            observed=f"{found.observed}; {done.failure}",
            evidence={**found.evidence, "failure": str(done.failure)},
            advice=done.failure.advice,
        )
    if done.plan.refusal:
        return replace(found, observed=f"{found.observed}; {done.plan.refusal}", advice=done.plan.advice)
    what = f"{done.plan.judged.state} before, mended in {done.seconds:.1f} s" if done.plan.steps else "nothing to do"
    return replace(found, observed=f"{found.observed}; {what}", advice=advice)
