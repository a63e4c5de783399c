"""Reads of the catalogue that L1 could not answer: from L2, or filled by the rest layer, kept and served."""

from collections.abc import Awaitable, Callable

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.cache.composed import read_composed
from payaid.cache.store import Filling, Store, Wanted
from payaid.call import Call
from payaid.gateway.hits import Asked, Spellings, serve
from payaid.rest.cursor import Cursors
from payaid.rest.plan import Plan, SummaryPlan, plan
from payaid.rest.reply import joined
from payaid.rest.routes import Target

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
        asked = self._spellings.get(call) or self._understood(call.target, call)
        call.cache_class = asked.planned.cache_class
        if isinstance(asked.planned, SummaryPlan) and len(asked.planned.blocks) > 1:
            parts = [self._wanted(Asked.by(part), call.shown_stamp) for part in asked.planned.parts()]
            entry, call.cache_result = await read_composed(self._store, asked.key, parts, joined)
        else:
            entry, call.cache_result = await self._store.read(self._wanted(asked, call.shown_stamp))
        await serve(send, call, self._store, asked.key, entry)

    def _understood(self, target: Target, call: Call) -> Asked:
        asked = Asked.by(plan(target, call.query, call.who(), self._cursors))
        self._spellings.learn(call, asked)
        return asked

    def _wanted(self, asked: Asked, shown: int) -> Wanted:
        async def fill() -> Filling:
            return await self._fill(asked.planned, shown)

        return Wanted(asked.key, asked.planned.cache_class, asked.depends, shown, fill)
