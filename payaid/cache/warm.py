"""Fills ahead exactly what requests read: the same plans, the same keys, the same statements, the same entries."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from payaid.cache.entry import Entry
from payaid.cache.store import Filling, Store, Wanted
from payaid.errors import PayaidError
from payaid.principal import Principal
from payaid.rest.cursor import Cursors
from payaid.rest.execute import Executor
from payaid.rest.plan import plan
from payaid.rest.routes import resolve

# What a dashboard and its first clicks read (the roadmap's list). Any spelling of these requests finds the entry.
TENANT_READS = (
    "/api/v1/dashboard/stats",
    "/api/v1/contacts",
    "/api/v1/contacts?status=active",
    "/api/v1/deals",
    "/api/v1/deals?stage=lead,qualified,proposal,negotiation",
    "/api/v1/invoices",
    "/api/v1/tasks",
    "/api/v1/tasks?status=pending",
)
USER_READS = ("/api/v1/dashboard/stats?scope=me",)


class Warmed(NamedTuple):
    """What warming did: entries made, bytes in them, and requests that could not be warmed, with the reason."""

    entries: int
    bytes: int
    failed: Sequence[str]


class Warmer:
    """Warms through the store that requests read from."""

    def __init__(self, store: Store, executor: Executor, cursors: Cursors) -> None:
        self._store = store
        self._executor = executor
        self._cursors = cursors

    async def warm(self, who: Principal, requests: Iterable[str] = TENANT_READS) -> Warmed:
        """Read each request as `who` would; what is kept and good already costs nothing."""
        entries = size = 0
        failed = []
        for request in requests:
            try:
                entry = await self._one(who, request)
            except PayaidError as error:
                failed.append(f"{request}: {error.detail}")
                continue
            entries, size = entries + 1, size + len(entry.body)
        return Warmed(entries, size, failed)

    async def _one(self, who: Principal, request: str) -> Entry:
        path, _, query = request.partition("?")
        target = (resolve(path) or {})["GET"]
        planned = plan(target, query, who, self._cursors)

        async def fill() -> Filling:
            return await self._executor.fill(planned)

        wanted = Wanted((planned.tenant, planned.key), planned.cache_class, planned.depends(), 0, fill)
        entry, _ = await self._store.read(wanted)
        return entry
