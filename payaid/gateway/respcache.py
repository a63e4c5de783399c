"""Reads of the catalogue that L1 could not answer: from L2, or filled by the rest layer, kept and served."""

from collections.abc import Awaitable, Callable

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.cache.composed import read_composed
from payaid.cache.store import Filling, Store, Wanted
from payaid.gateway.hits import Spellings, serve
from payaid.rest.cursor import Cursors
from payaid.rest.plan import Plan, SummaryPlan, plan
from payaid.rest.reply import joined

Fill = Callable[[Plan, int], Awaitable[Filling]]


class RespCache:
    """Looks further than L1, then fills; one filler a request and process."""

    def __init__(self, app: App, store: Store, spellings: Spellings, fill: Fill, cursors: Cursors) -> None:
        self.app = app
        self._store = store
        self._spellings = spellings
        self._fill = fill
        self._cursors = cursors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a read; pass on everything else."""
        call = call_of(scope)
        if call.target is None or not call.target.cacheable:
            await self.app(scope, receive, send)
            return
        planned = plan(call.target, call.query, call.who(), self._cursors)
        key = (planned.tenant, planned.key)
        self._spellings.learn(call, key, planned.cache_class)
        call.cache_class = planned.cache_class

        if isinstance(planned, SummaryPlan) and len(planned.blocks) > 1:
            parts = [self._wanted(part, call.shown_stamp) for part in planned.parts()]
            entry, call.cache_result = await read_composed(self._store, key, parts, joined)
        else:
            entry, call.cache_result = await self._store.read(self._wanted(planned, call.shown_stamp))
        await serve(send, call, self._store, key, entry)

    def _wanted(self, planned: Plan, shown: int) -> Wanted:
        async def fill() -> Filling:
            return await self._fill(planned, shown)

        return Wanted((planned.tenant, planned.key), planned.cache_class, planned.depends(), shown, fill)
