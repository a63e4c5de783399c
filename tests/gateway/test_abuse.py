"""What a hostile caller might send to keep the service busy, fill its memory, or ask for nothing."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from payaid import observe
from payaid.asgi import Receive, Scope, Send, answer, call_of
from payaid.catalogue import Field, Kind
from payaid.errors import BadRequest, DeadlineExceeded, TooManyRequests, Unauthenticated
from payaid.gateway.compress import Compress, negotiate
from payaid.gateway.failures import Failures
from payaid.gateway.identity import Identity
from payaid.gateway.limit import Limit
from payaid.gateway.observed import InFlight, Observed
from payaid.limits.limiter import Limiter
from payaid.principal import Principal
from payaid.rest.request import value_of
from payaid.rest.routes import LONGEST_PATH, resolve
from payaid.rules.tiers import Tier
from payaid.stamp_token import StampTokens
from tests.gateway.stage import OneCaller, ask, saying

SECRET = "a secret that only tests have, of some length"
MEMBER = Principal("t", "u", "u@example.in", "member", (), ("crm",), Tier.FREE)


@pytest.fixture
def answered() -> Iterator[list[Any]]:
    found: list[Any] = []
    observe.subscribe(observe.Answered, found.append)
    yield found
    observe.silence()


@pytest.mark.parametrize("unit", [b" ", b"a ", b";q=", b",", b"\t;"])
def test_a_long_accept_encoding_costs_no_more_than_a_short_one(unit: bytes) -> None:
    started = time.perf_counter()
    negotiate(b"gzip" + unit * 100_000 + b"!")
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize(("accepted", "coding"), [(b" gzip ; q = 0.5 ", "gzip"), (b"br ;q=1 , gzip", "br")])
def test_spaces_in_accept_encoding_mean_nothing(accepted: bytes, coding: str) -> None:
    assert negotiate(accepted) == coding


def test_an_invented_method_is_no_label_of_its_own(answered: list[Any]) -> None:
    for n in range(3):
        ask(Observed(saying(b"{}"), InFlight()), f"INVENTED{n}")
    assert {fact.method for fact in answered} == {"(other)"}


def test_a_path_that_nobody_could_mean_is_not_remembered() -> None:
    path = "/api/v1/contacts/x"
    assert resolve(path) is not None
    assert resolve(path + "/" * LONGEST_PATH) is None


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [({"authorization": "Bearer bad"}, Unauthenticated),
     ({"authorization": "Bearer good", "x-payaid-stamp": "e.1.forged"}, BadRequest)],
)  # fmt: skip
def test_who_is_refused_pays_even_where_others_pay_by_the_item(headers: dict[str, str], refusal: type) -> None:
    stamps = StampTokens(SECRET, lambda: "e")
    app = Identity(Limit(saying(b"{}"), Limiter(None), enforced=True), OneCaller(MEMBER), stamps, ())
    for _ in range(15):  # without Redis: the local share of sixty
        with pytest.raises(refusal):
            ask(app, "POST", "/api/v1/batch", headers)
    with pytest.raises(TooManyRequests):
        ask(app, "POST", "/api/v1/batch", headers)


def test_a_deadline_that_passes_while_an_answer_is_sent_cuts_it_off_and_begins_no_second() -> None:
    async def half(scope: Scope, _: Receive, send: Send) -> None:
        await answer(send, call_of(scope), 200, [], b"half")
        raise DeadlineExceeded

    sent: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def seen(message: Any) -> None:
            sent.append(message["type"])
            await send(message)

        await Failures(half)(scope, receive, seen)

    with pytest.raises(DeadlineExceeded):
        ask(app)
    assert sent == ["http.response.start", "http.response.body"]


def test_what_is_compressed_for_some_says_so_to_every_cache() -> None:
    for headers in ({}, {"accept-encoding": "br"}):
        assert ask(Compress(saying(b"x" * 5000)), headers=headers).headers["vary"] == "accept-encoding"


def test_a_number_too_large_for_arithmetic_is_a_mistake_of_the_callers() -> None:
    with pytest.raises(ValueError, match="must be a number below"):
        value_of(Field("value", Kind.MONEY), "1e999999999")
