"""Load the planned tenants: into empty tables without keys, or, tenant by tenant, into tables that are in use."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from payaidctl.seed.keys import Connection, fixtures, put_back, take_off
from payaidctl.seed.plan import Parameters, TenantPlan, plan
from payaidctl.seed.tables import TABLES, Table
from payaidctl.seed.workers import Workers, workers

# Tenants that one transaction adds to tables in use.
BATCH_TENANTS = 20
NAMES = [table.name for table in TABLES]
Progress = Callable[[str, int], None]


@dataclass(slots=True)
class Loaded:
    """What was added, and how long the parts took."""

    tenants: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    copy_s: float = 0.0
    keys_s: float = 0.0
    analyse_s: float = 0.0

    @property
    def total(self) -> int:
        """Rows over all tables."""
        return sum(self.rows.values())


async def load_empty(connection: Connection, parameters: Parameters, progress: Progress) -> Loaded:
    """Fill empty tables in one transaction, frozen, without keys; the keys come back before it commits."""
    plans, loaded = plan(parameters), Loaded()
    async with workers(parameters, plans) as made, connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '10s'; SET LOCAL maintenance_work_mem = '256MB'")
        found = await fixtures(connection, NAMES)
        await take_off(connection, found)
        await connection.execute(f"TRUNCATE {', '.join(f'public.{chr(34)}{name}{chr(34)}' for name in NAMES)}".encode())
        begun = time.monotonic()
        for table in TABLES:
            await _copy(connection, made, table, plans, loaded, progress, freeze=True)
        loaded.copy_s = time.monotonic() - begun
        progress("keys and indexes", 0)
        begun = time.monotonic()
        await put_back(connection, found, NAMES)
        # The triggers were off: tell whoever listens that these tenants are there.
        await connection.execute(
            "SELECT payaid.notify_change(id, 'Tenant', NULL, NULL) FROM public.\"Tenant\"", prepare=False
        )
        loaded.keys_s = time.monotonic() - begun
    loaded.tenants = len(plans)
    await _analyse(connection, loaded, progress)
    return loaded


async def load_missing(
    connection: Connection, parameters: Parameters, missing: Sequence[TenantPlan], progress: Progress
) -> Loaded:
    """Add tenants to tables in use, keys and triggers in place; a transaction holds whole tenants only."""
    loaded, begun = Loaded(), time.monotonic()
    remaining = iter(missing)
    async with workers(parameters, missing) as made:
        while some := list(islice(remaining, BATCH_TENANTS)):
            async with connection.transaction():
                for table in TABLES:
                    await _copy(connection, made, table, some, loaded, progress, freeze=False)
            loaded.tenants += len(some)
    loaded.copy_s = time.monotonic() - begun
    await _analyse(connection, loaded, progress)
    return loaded


async def _copy(
    connection: Connection,
    made: Workers,
    table: Table,
    plans: Sequence[TenantPlan],
    loaded: Loaded,
    progress: Progress,
    *,
    freeze: bool,
) -> None:
    statement = table.copy + (" WITH (FREEZE)" if freeze else "")
    async with connection.cursor() as cursor:
        async with cursor.copy(statement.encode()) as copy:
            async for block in made.blocks(table.name, plans):
                await copy.write(block)
                progress(table.name, block.count(b"\n"))
        loaded.rows[table.name] += cursor.rowcount


async def _analyse(connection: Connection, loaded: Loaded, progress: Progress) -> None:
    progress("statistics", 0)
    begun = time.monotonic()
    await connection.execute(f"ANALYZE {', '.join(f'public.{chr(34)}{name}{chr(34)}' for name in NAMES)}".encode())
    loaded.analyse_s = time.monotonic() - begun
