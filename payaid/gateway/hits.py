"""The shortest way: an L1 hit is answered here, without waiting for anything and without entering the rest layer."""

import sys
from collections.abc import Awaitable
from typing import NamedTuple, Self

from payaid import observe
from payaid.asgi import App, Headers, Receive, Scope, Send, call_of
from payaid.cache.entry import Entry
from payaid.cache.local import Key
from payaid.cache.stamps import Hearing
from payaid.cache.store import Store
from payaid.call import Call
from payaid.gateway.compress import LARGEST, WORTH, encode, negotiate
from payaid.rest.plan import Plan
from payaid.rest.reply import matches, tagged

JSON = (b"content-type", b"application/json")
DEGRADED = (b"x-payaid-degraded", b"primary-unreachable")
# A tenant's data is nobody else's, and is asked again each time: the entity tag makes that cheap.
PRIVATE = ((b"cache-control", b"private, no-cache"), (b"vary", b"authorization, accept-encoding"))
STATUS = {
    "hit_l1": (b"cache-status", b"payaid-l1; hit"),
    "hit_l2": (b"cache-status", b"payaid-l2; hit"),
    "stale": (b"cache-status", b"payaid; hit; fwd=stale"),
    "miss": (b"cache-status", b"payaid; fwd=miss"),
}
# So many raw requests are remembered, some 2 KB each; longer ones than this (a search with fifty alternatives) are
# understood anew.
SPELLINGS, SPELLING = 20_000, 128
# Whose request it is, its path and its query, as they came.
Spelling = tuple[str | tuple[str, str, frozenset[str]], str, str]


class Asked(NamedTuple):
    """What a raw request turned out to ask for: a plan, where its answer is kept, and on what that depends."""

    planned: Plan
    key: Key
    depends: tuple[str, ...]

    @classmethod
    def by(cls, planned: Plan) -> Self:
        """For a plan."""
        return cls(planned, (planned.tenant, planned.key), planned.depends())


class Spellings:
    """Which request a raw path and query turned out to be, so that it is not parsed and planned again."""

    def __init__(self) -> None:
        self._known: dict[Spelling, Asked] = {}

    def get(self, call: Call) -> Asked | None:
        """What it asks for, if it was seen before."""
        return self._known.get(_spelling(call))

    def learn(self, call: Call, asked: Asked) -> None:
        """Remember what it asks for."""
        if len(call.path) + len(call.query) > SPELLING:
            return
        if len(self._known) >= SPELLINGS:
            del self._known[next(iter(self._known))]
        who, path, query = _spelling(call)
        # Thousands of tenants ask in the same words: one copy of them, which stays in the processor's cache.
        self._known[who, sys.intern(path), sys.intern(query)] = asked


def _spelling(call: Call) -> Spelling:
    """The raw request. A summary depends on who asks and on what they may; all else is the same for a tenant."""
    who = call.principal or call.who()
    personal = call.target is not None and call.target.summary is not None
    return ((who.tenant_id, who.user_id, who.grants) if personal else who.tenant_id, call.path, call.query)


class Hits:
    """Serves what L1 holds and the stamps cover; everything else goes on."""

    def __init__(self, app: App, store: Store, spellings: Spellings) -> None:
        self.app = app
        self.store = store
        self._spellings = spellings

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """A hit, or the next layer."""
        call = call_of(scope)
        if call.target is not None and call.target.cacheable and (found := self.find(call)):
            return serve(send, call, self.store, *found)
        return self.app(scope, receive, send)

    def find(self, call: Call) -> tuple[Key, Entry] | None:
        """What L1 has for a read that may be kept."""
        asked = self._spellings.get(call)
        if asked is None:
            return None
        entry = self.store.peek(asked.key, call.shown_stamp)
        if entry is None:
            return None
        call.cache_class, call.cache_result = entry.cache_class, "hit_l1"
        return asked.key, entry


async def serve(send: Send, call: Call, store: Store, key: Key, entry: Entry) -> None:
    """Send an entry: 304 where the caller has it already, in the coding that the caller accepts."""
    accepted = call.headers.get(b"accept-encoding")
    coding = negotiate(accepted) if accepted and WORTH <= len(entry.body) <= LARGEST else ""
    headers = call.answer_headers
    headers.append(STATUS[call.cache_result])
    # A version means hearing; only without one is it worth asking further.
    if not store.stamps.version and store.stamps.hearing is Hearing.DARK:
        headers.append(DEGRADED)
        observe.emit(observe.Degraded("served-dark", call.cache_class))
    condition = call.headers.get(b"if-none-match")
    if condition and matches(condition, entry.etag):
        status, body = 304, b""
        headers += ((b"etag", tagged(entry.etag, coding)), *PRIVATE)
    else:
        status, body = 200, _encoded(store, key, entry, coding) if coding else entry.body
        headers += entry.heads.get(coding) or _head(entry, coding, len(body))
    call.status = status
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else body})


def _head(entry: Entry, coding: str, length: int) -> Headers:
    """The headers that go with an entry's body in one coding: made once."""
    head = [(b"etag", tagged(entry.etag, coding)), *PRIVATE, JSON, (b"content-length", b"%d" % length)]
    if coding:
        head.append((b"content-encoding", coding.encode()))
    entry.heads[coding] = head
    return head


def _encoded(store: Store, key: Key, entry: Entry, coding: str) -> bytes:
    """Kept from the second hit on: most pages are read once, and a variant that nobody asks for again is waste."""
    if (kept := entry.variants.get(coding)) is not None:
        return kept
    if entry.hits < 2:
        return encode(entry.body, coding)
    body = entry.variants[coding] = encode(entry.body, coding)
    store.local.grown(key)
    return body
