"""Fills ahead exactly what requests read: the same plans, the same keys, the same statements, the same entries."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from payaid.cache.entry import Entry
from payaid.cache.local import Key
from payaid.cache.store import Filling, Store
from payaid.errors import PayaidError
from payaid.kv import Away
from payaid.principal import Principal
from payaid.rest.cursor import Cursors
from payaid.rest.execute import Executor
from payaid.rest.plan import Plan, SummaryPlan, plan
from payaid.rest.routes import resolve
from payaid.rules.tiers import Tier

# What a dashboard and its first clicks read (the roadmap's list). Any spelling of these requests finds the entry.
READS = (
    "/api/v1/dashboard/stats",
    "/api/v1/contacts",
    "/api/v1/contacts?status=active",
    "/api/v1/deals",
    "/api/v1/deals?stage=lead,qualified,proposal,negotiation",
    "/api/v1/invoices",
    "/api/v1/tasks",
    "/api/v1/tasks?status=pending",
)
# And of one person, where it is known who will read.
PERSONAL = ("/api/v1/dashboard/stats?scope=me",)


class Warmed(NamedTuple):
    """What warming did: entries made, bytes in them, and requests that could not be warmed, with the reason."""

    entries: int
    bytes: int
    failed: Sequence[str]


def reader(tenant: str, modules: Iterable[str], user: str = "") -> Principal:
    """Who warms: somebody who may read all that the tenant has licensed, and is charged for nothing."""
    return Principal(tenant, user, "", "owner", (), tuple(modules), Tier.ENTERPRISE)


class Warmer:
    """Fills L2, from which every instance reads."""

    def __init__(self, store: Store, executor: Executor, cursors: Cursors) -> None:
        self._store = store
        self._executor = executor
        self._cursors = cursors

    async def warm(self, who: Principal) -> Warmed:
        """Read for this tenant what its people will read first, by one statement, and keep it in one write."""
        requests = [one for one in (*READS, *(PERSONAL if who.user_id else ())) if self._may_read(who, one)]
        plans = [part for request in requests for part in self._plans(who, request)]
        if not plans:
            return Warmed(0, 0, [])
        try:
            fillings = await self._executor.fill_many(plans)
        except PayaidError as error:
            return Warmed(0, 0, [f"{', '.join(requests)}: {error.detail}"])
        made = [self._made(planned, filling) for planned, filling in zip(plans, fillings, strict=True)]
        try:
            await self._store.share_many(made)
        except Away as away:
            return Warmed(0, 0, [f"Redis: {away}"])
        return Warmed(len(made), sum(len(entry.body) for _, entry in made), [])

    @staticmethod
    def _may_read(who: Principal, request: str) -> bool:
        target = (resolve(request.partition("?")[0]) or {}).get("GET")
        return target is not None and target.grant in who.grants

    def _plans(self, who: Principal, request: str) -> tuple[Plan, ...]:
        path, _, query = request.partition("?")
        planned = plan((resolve(path) or {})["GET"], query, who, self._cursors)
        # A summary is kept by its parts.
        return planned.parts() if isinstance(planned, SummaryPlan) else (planned,)

    def _made(self, planned: Plan, filling: Filling) -> tuple[Key, Entry]:
        key = (planned.tenant, planned.key)
        return key, self._store.entry(planned.cache_class, planned.depends(), filling)
