"""Answers reads from the cache. A hit ends here: it never enters the rest layer, nor waits for anything."""

from collections.abc import Awaitable, Callable

from payaid.asgi import App, Headers, Receive, Scope, Send, answer, call_of
from payaid.cache.entry import Entry
from payaid.cache.local import Key
from payaid.cache.policy import CacheClass
from payaid.cache.stamps import Hearing
from payaid.cache.store import Filling, Store, Wanted
from payaid.call import Call
from payaid.gateway.compress import WORTH, encode, negotiate
from payaid.rest.cursor import Cursors
from payaid.rest.plan import Plan, plan
from payaid.rest.reply import matches, tagged

JSON = (b"content-type", b"application/json")
# A tenant's data is nobody else's, and is asked again each time: the entity tag makes that cheap.
PRIVATE = [(b"cache-control", b"private, no-cache"), (b"vary", b"authorization, accept-encoding")]
STATUS = {
    "hit_l1": (b"cache-status", b"payaid-l1; hit"),
    "hit_l2": (b"cache-status", b"payaid-l2; hit"),
    "stale": (b"cache-status", b"payaid; hit; fwd=stale"),
    "miss": (b"cache-status", b"payaid; fwd=miss"),
    "bypass": (b"cache-status", b"payaid; fwd=bypass"),
}
SPELLINGS = 50_000

Fill = Callable[[Plan, int], Awaitable[Filling]]


class RespCache:
    """Reads of the catalogue, kept. `spellings` remembers which request a raw path and query turned out to be."""

    def __init__(self, app: App, store: Store, fill: Fill, cursors: Cursors) -> None:
        self.app = app
        self._store = store
        self._fill = fill
        self._cursors = cursors
        self._spellings: dict[tuple[str, str, str], tuple[Key, CacheClass]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is kept; else fill, keep and serve."""
        call = call_of(scope) if scope["type"] == "http" else None
        if call is None or call.target is None or not call.target.cacheable:
            await self.app(scope, receive, send)
            return
        who = call.who()
        spelling = (
            f"{who.tenant_id}/{who.user_id}" if call.target.summary else who.tenant_id,
            call.path,
            call.query,
        )
        known = self._spellings.get(spelling)
        if known and (entry := self._store.peek(known[0], call.shown_stamp)):
            call.cache_class, call.cache_result = known[1], "hit_l1"
        else:
            entry = await self._read(call, spelling)
        await self._serve(send, call, known[0] if known else self._spellings[spelling][0], entry)

    async def _read(self, call: Call, spelling: tuple[str, str, str]) -> Entry:
        assert call.target is not None  # noqa: S101
        planned = plan(call.target, call.query, call.who(), self._cursors)
        key = (planned.tenant, planned.key)
        if len(self._spellings) > SPELLINGS:
            self._spellings.clear()
        self._spellings[spelling] = (key, planned.cache_class)
        call.cache_class = planned.cache_class

        async def fill() -> Filling:
            return await self._fill(planned, call.shown_stamp)

        wanted = Wanted(key, planned.cache_class, planned.depends(), call.shown_stamp, fill)
        entry, call.cache_result = await self._store.read(wanted)
        return entry

    async def _serve(self, send: Send, call: Call, key: Key, entry: Entry) -> None:
        coding = negotiate(call.headers.get(b"accept-encoding", b"")) if len(entry.body) >= WORTH else ""
        etag = tagged(entry.etag, coding)
        headers: Headers = [(b"etag", etag), STATUS[call.cache_result], *PRIVATE]
        if self._store.stamps.hearing is Hearing.DARK:
            headers.append((b"x-payaid-degraded", b"primary-unreachable"))
        condition = call.headers.get(b"if-none-match")
        if condition and matches(condition, entry.etag):
            await answer(send, call, 304, headers, b"")
            return
        headers.append(JSON)
        body = entry.body
        if coding:
            headers.append((b"content-encoding", coding.encode()))
            body = self._encoded(key, entry, coding)
        await answer(send, call, 200, headers, body)

    def _encoded(self, key: Key, entry: Entry, coding: str) -> bytes:
        if coding in entry.variants:
            return entry.variants[coding]
        body = entry.variant(coding, encode)
        if entry.hits > 1:
            self._store.local.grown(key)
        else:
            # Kept from the second hit on: most pages are read once, and a variant nobody asks for again is waste.
            entry.variants.clear()
        return body
