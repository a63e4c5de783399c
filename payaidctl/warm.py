"""Warms tenants' caches from outside the service, through the very path that its requests take."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection, OperationalError

from payaid.cache.warm import Warmed, reader
from payaid.datapath import DataPath
from payaid.settings import Settings
from payaidctl.errors import Unreachable, UsageError

# Tenants under way at once; each has one statement under way.
AT_ONCE = 12
# A request is told no at once when the pool is full; warming has the time to wait.
PATIENCE_MS = 10_000
TENANTS = """
SELECT id, "licensedModules" FROM "Tenant"
WHERE status IN ('active', 'trial') AND (%(only)s::text[] IS NULL OR id = ANY(%(only)s))
ORDER BY id
"""


@dataclass(slots=True)
class Tally:
    """What was warmed so far."""

    tenants: int = 0
    entries: int = 0
    bytes: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)

    def add(self, tenant: str, warmed: Warmed) -> None:
        """One more tenant."""
        self.tenants += 1
        self.entries += warmed.entries
        self.bytes += warmed.bytes
        self.failed += (f"{tenant}: {why}" for why in warmed.failed)


async def tenants_of(direct_url: str, only: Sequence[str]) -> list[tuple[str, list[str]]]:
    """(id, licensed modules) of the active tenants, or of those that are named.

    Raises:
        Unreachable: the database does not answer.
        UsageError: a named tenant does not exist, or is not active.
    """
    try:
        async with await AsyncConnection.connect(
            direct_url, connect_timeout=5, application_name="payaidctl warm"
        ) as db:
            cursor = await db.execute(TENANTS, {"only": list(only) or None})
            found = [(str(row[0]), list(row[1])) for row in await cursor.fetchall()]
    except OperationalError as error:
        raise Unreachable(f"the database does not answer: {error}", "payaidctl ping") from error
    if missing := set(only) - {tenant for tenant, _ in found}:
        raise UsageError(f"no active tenant {', '.join(sorted(missing))}", "name ids from the Tenant table")
    return found


async def warm(
    settings: Settings, tenants: Sequence[tuple[str, list[str]]], progress: Callable[[Tally], None]
) -> Tally:
    """Warm these tenants; `progress` is told after each.

    Raises:
        Unreachable: change notices do not arrive, so nothing that was read could be kept.
    """
    tally = Tally()
    path = DataPath(settings.model_copy(update={"pool_wait_ms": PATIENCE_MS}))
    async with path.running():
        if not await path.heard(within_s=5.0):
            raise Unreachable(
                "the database sends no change notices to this process", "payaidctl ping; payaidctl migrate"
            )
        started = time.perf_counter()
        waiting = iter(tenants)

        async def worker() -> None:
            for tenant, modules in waiting:
                tally.add(tenant, await path.warmer.warm(reader(tenant, modules)))
                tally.seconds = time.perf_counter() - started
                progress(tally)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(tenants))):
                group.create_task(worker())
    return tally
