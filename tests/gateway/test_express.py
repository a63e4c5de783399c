"""The short way answers what the long way would, charges once, and leaves to it whatever is not plain."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from payaid.asgi import App, Receive, Scope, Send, answer, call_of
from payaid.cache.entry import Entry
from payaid.cache.local import Local
from payaid.cache.policy import CacheClass
from payaid.cache.stamps import Stamps
from payaid.cache.store import Store
from payaid.gateway.authorise import Authorise
from payaid.gateway.bound import Bound
from payaid.gateway.express import Express
from payaid.gateway.failures import Failures
from payaid.gateway.hits import Asked, Hits, Spellings
from payaid.gateway.identity import Identity
from payaid.gateway.limit import Limit
from payaid.limits.limiter import Limiter, Ruling
from payaid.principal import Principal
from payaid.rules.tiers import Budget, Tier
from payaid.stamp_token import StampTokens
from tests.gateway.stage import Answer, OneCaller, ask

PATH = "/api/v1/crm/contacts"
OWNER = Principal("t", "u", "u@example.in", "owner", (), ("crm",), Tier.ENTERPRISE)
GOOD = {"authorization": "Bearer good"}
PLAN: Any = None  # nobody looks at it on this stage
BODY = b'{"data":[],"page":{"limit":50,"next":null}}'


class Leases(Limiter):
    """Has this many requests leased; counts how often it is asked to admit."""

    def __init__(self, leased: int) -> None:
        super().__init__(None)
        self.leased, self.admitted = leased, 0

    def ride(self, key: str, budget: Budget) -> Ruling | None:
        if not self.leased:
            return None
        self.leased -= 1
        return Ruling(True, "leased", 5, 50, 30.0, 300.0, 0)

    async def admit(self, key: str, budget: Budget, cost: int = 1, *, closed: bool = False) -> Ruling:
        self.admitted += 1
        return Ruling(True, "admitted", 4, 40, 30.0, 300.0, 0)


class Scene:
    """The layers that a hit passes, over a store that holds one list, and a rest that says that it was reached."""

    def __init__(self, leased: int = 100, principal: Principal = OWNER) -> None:
        stamps = Stamps(time.monotonic)
        stamps.listen("e", 1)
        self.store = Store(Local(1_000_000), None, stamps)
        self.limiter = Leases(leased)
        self.reached = 0
        spellings = Spellings()
        self.key = ("t", PATH)
        self.store.local.put(self.key, self._entry())
        tokens = StampTokens("a secret that only tests have, of some length", lambda: "e")
        hits = Hits(self._rest(spellings), self.store, spellings)
        long_way = Bound(
            Identity(Limit(Authorise(hits), self.limiter, enforced=True), OneCaller(principal), tokens, ()), 1000, 1.0
        )
        self.app = Express(Failures(long_way))

    def _rest(self, spellings: Spellings) -> App:
        async def rest(scope: Scope, _: Receive, send: Send) -> None:
            self.reached += 1
            spellings.learn(call_of(scope), Asked(PLAN, self.key, ("t/Contact",)))
            await answer(send, call_of(scope), 200, [], b"from the rest")

        return rest

    @staticmethod
    def _entry() -> Entry:
        later = time.time() + 60
        return Entry(
            BODY, b'"tag"', cache_class=CacheClass.LIST, depends=("t/Contact",), epoch="e", stamp=9,
            fresh_until=later, stale_until=later,
        )  # fmt: skip

    def ask(self, headers: dict[str, str] | None = None, **asked: Any) -> Answer:
        return ask(self.app, path=PATH, headers=GOOD | (headers or {}), **asked)


def test_once_everything_is_known_the_answer_is_that_of_the_long_way() -> None:
    scene = Scene()
    assert scene.ask().body == b"from the rest", "nothing is known yet"
    for _ in range(3):
        hit = scene.ask()
        assert (hit.status, hit.body, hit.headers["cache-status"]) == (200, BODY, "payaid-l1; hit")
        assert hit.headers["x-ratelimit-remaining"] == "5"
        assert (hit.call.limiter, hit.call.cache_class) == ("leased", "list")
    assert scene.reached == 1
    assert scene.ask({"if-none-match": '"tag"'}).status == 304


def test_each_request_is_paid_for_once_whichever_way_it_goes() -> None:
    scene = Scene(leased=3)
    scene.ask()
    scene.ask()
    assert scene.limiter.leased == 1
    scene.store.local.clear()
    assert scene.ask().body == b"from the rest"
    assert (scene.limiter.leased, scene.limiter.admitted) == (0, 0), "the lease that it rode on paid for the long way"
    assert scene.ask().headers["x-ratelimit-remaining"] == "4"
    assert scene.limiter.admitted == 1


@pytest.mark.parametrize(
    ("headers", "asked", "status"),
    [
        ({"authorization": "Bearer bad"}, {}, 401),
        ({"x-payaid-stamp": "nonsense"}, {}, 400),
        ({f"x-{n}": "1" for n in range(100)}, {}, 431),
        ({}, {"query": "x" * 5000}, 414),
    ],
)
def test_what_the_long_way_refuses_is_refused(headers: dict[str, str], asked: dict[str, str], status: int) -> None:
    scene = Scene()
    scene.ask()
    assert scene.ask().body == BODY
    refused = scene.ask(headers, **asked)
    assert refused.status == status
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_hit_is_for_those_who_may_read_it() -> None:
    scene = Scene(principal=replace(OWNER, modules=("hr",)))
    assert [scene.ask().status for _ in range(3)] == [403, 403, 403]


def test_a_change_ends_the_hits_at_once() -> None:
    scene = Scene()
    scene.ask()
    assert scene.ask().body == BODY
    scene.store.stamps.begin(["t/Contact"])
    assert scene.ask().body == b"from the rest"
    scene.store.stamps.settle(["t/Contact"], 10)
    assert scene.ask().body == b"from the rest"


def test_a_layer_that_does_not_say_what_it_does_at_once_is_no_way_round() -> None:
    class Silent:
        def __init__(self, app: App) -> None:
            self.app = app

    stamps = Stamps(time.monotonic)
    hits = Hits(lambda *_: asyncio.sleep(0), Store(Local(1), None, stamps), Spellings())
    with pytest.raises(TypeError, match="Silent"):
        Express(Silent(hits))  # type: ignore[arg-type]
