"""Seed a database: look, decide between a full load, an addition and nothing, and tell what was done."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Status
from payaidctl.schema import State, look, require_ours, status
from payaidctl.schema.server import connect
from payaidctl.seed import DEMO_EMAIL, DEMO_TENANT, PASSWORD
from payaidctl.seed.keys import Connection
from payaidctl.seed.load import NAMES, Loaded, Progress, load_empty, load_missing
from payaidctl.seed.plan import Parameters, TenantPlan, plan


@dataclass(frozen=True, slots=True)
class Seeded:
    """The outcome. `present` tenants were there before and are as they were."""

    loaded: Loaded
    present: int
    users: int
    seconds: float


async def seed(
    direct_url: str, parameters: Parameters, begin: Callable[[list[TenantPlan]], Progress] | None = None
) -> Seeded:
    """Make the planned tenants be there.

    Args:
        direct_url: the owner's, direct.
        parameters: how many, how large, which seed and day.
        begin: told which tenants will be added; returns what is told of progress as (phase, rows).

    Raises:
        UsageError: the database is not ours, or its schema is not this release's.
    """
    begun = time.monotonic()
    plans = plan(parameters)
    await _require_current(direct_url)
    async with connect(direct_url, "seed") as connection:
        require_ours(await look(connection, direct_url), empty_too=False)
        there = await _present(connection, plans)
        missing = [tenant for tenant in plans if tenant.id not in there]
        progress = begin(missing) if begin and missing else _silent
        if not missing:
            loaded = Loaded()
        elif await _empty(connection):
            loaded = await load_empty(connection, parameters, progress)
        else:
            loaded = await load_missing(connection, parameters, missing, progress)
    return Seeded(loaded, len(there), sum(tenant.users for tenant in plans), time.monotonic() - begun)


def findings(seeded: Seeded) -> list[Finding]:
    """What was done, with its rates, and the login to try it with."""
    loaded = seeded.loaded
    done = Finding("seed.rows", Status.PASS, "Sample data", observed=_told(seeded), evidence=dict(loaded.rows))
    account = f"{DEMO_EMAIL} / {PASSWORD} (tenant {DEMO_TENANT}; every seeded user has this password)"
    return [done, Finding("seed.login", Status.PASS, "Demo login", observed=account)]


def facts(seeded: Seeded) -> dict[str, float]:
    """The figures, for evidence."""
    loaded = seeded.loaded
    return {
        "tenantsAdded": loaded.tenants,
        "tenantsPresent": seeded.present,
        "users": seeded.users,
        "rows": loaded.total,
        "copySeconds": round(loaded.copy_s, 3),
        "copyRowsPerSecond": round(loaded.total / loaded.copy_s) if loaded.copy_s else 0,
        "keysSeconds": round(loaded.keys_s, 3),
        "analyseSeconds": round(loaded.analyse_s, 3),
        "seconds": round(seeded.seconds, 3),
        "rowsPerSecond": round(loaded.total / seeded.seconds),
    }


def _told(seeded: Seeded) -> str:
    loaded = seeded.loaded
    if not loaded.tenants:
        return f"nothing to add: all {seeded.present} tenants are there ({seeded.seconds:.2f} s)"
    overall, copying = loaded.total / seeded.seconds, loaded.total / loaded.copy_s
    keys = f", keys and indexes {loaded.keys_s:.1f} s" if loaded.keys_s else ", keys in place"
    return (
        f"{loaded.tenants} tenants, {loaded.total:,} rows in {seeded.seconds:.1f} s ({overall:,.0f} rows/s): "
        f"COPY {loaded.copy_s:.1f} s ({copying:,.0f} rows/s){keys}, statistics {loaded.analyse_s:.1f} s"
    )


def _silent(_phase: str, _rows: int) -> None:
    return


async def _require_current(direct_url: str) -> None:
    behind = [step.title for step in await status(direct_url) if step.state is not State.APPLIED]
    if behind:
        raise UsageError(f"the schema is not this release's: {', '.join(behind)}", "run `payaidctl migrate` first")


async def _present(connection: Connection, plans: list[TenantPlan]) -> set[str]:
    wanted = [tenant.id for tenant in plans]
    cursor = await connection.execute('SELECT id FROM public."Tenant" WHERE id = ANY(%s)', (wanted,))
    return {row["id"] for row in await cursor.fetchall()}


async def _empty(connection: Connection) -> bool:
    filled = " OR ".join(f'EXISTS (SELECT FROM public."{name}")' for name in NAMES)
    cursor = await connection.execute(f"SELECT {filled} AS filled".encode())
    row = await cursor.fetchone()
    return row is not None and not row["filled"]
