"""Each layer alone, over an app of a few lines; and the order in which they stand."""

import asyncio
import gzip
from collections.abc import Iterator
from typing import Any

import brotli
import pytest

from payaid import observe
from payaid.asgi import App, Receive, Scope, Send, answer, call_of
from payaid.errors import (
    BadRequest,
    BodyTooLarge,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    HeadersTooLarge,
    TooManyRequests,
    Unauthenticated,
    UriTooLong,
)
from payaid.gateway.authorise import Authorise
from payaid.gateway.bound import MAX_HEADER_BYTES, MAX_HEADERS, MAX_PATH, MAX_QUERY, Bound
from payaid.gateway.chain import Parts, chain
from payaid.gateway.compress import WORTH, Compress, negotiate
from payaid.gateway.deadline import Deadline
from payaid.gateway.failures import Failures
from payaid.gateway.identity import Identity
from payaid.gateway.limit import Limit
from payaid.gateway.observed import InFlight, Observed
from payaid.gateway.trace import Trace
from payaid.limits.limiter import Limiter
from payaid.principal import Principal
from payaid.rules.tiers import Tier
from payaid.settings import Settings
from payaid.stamp_token import StampTokens
from tests.gateway.stage import OneCaller, ask, raising, saying, silent

SECRET = "a secret that only tests have, of some length"
MEMBER = Principal("t", "u", "u@example.in", "member", (), ("crm",), Tier.FREE)
LONG = b'{"data":[' + b'"Priya Sharma, Pune",' * 200 + b"0]}"


@pytest.fixture
def facts() -> Iterator[list[Any]]:
    """Every fact that is emitted meanwhile."""
    found: list[Any] = []
    for kind in (observe.Answered, observe.Crashed):
        observe.subscribe(kind, found.append)
    yield found
    observe.silence()


# -- the order ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cache", [True, False])
def test_the_layers_stand_in_the_order_of_the_chain(cache: bool) -> None:
    environ = {"DATABASE_URL": "postgresql://nowhere/x", "JWT_SECRET": SECRET, "CACHE": str(cache)}
    settings = Settings.read(environ)
    nothing: Any = None
    rest = saying(b"{}")
    parts = Parts(settings, "p-1", InFlight(), nothing, nothing, Limiter(None), nothing, nothing, nothing)
    layers, app = [], chain(rest, parts)
    while app is not rest:
        layers.append(type(app).__name__)
        app = app.app  # type: ignore[attr-defined]
    kept = {"Express", "Hits", "RespCache"} if cache else set()
    expected = [
        *("Trace", "Observed", "Express", "Failures", "Bound", "Deadline", "Identity", "Limit", "Authorise"),
        *("Hits", "ServerTiming", "RespCache", "Compress"),
    ]
    assert layers == [name for name in expected if name not in {"Express", "Hits", "RespCache"} or name in kept]


# -- trace, observe -------------------------------------------------------------------------------------------


def test_trace_names_each_request_and_the_process() -> None:
    app = Trace(saying(b"{}"), "api-1")
    first, second = ask(app, routed=False), ask(app, routed=False)
    assert first.headers["x-instance"] == "api-1"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.call.template == "/health/live"
    assert ask(app, path="/nowhere", routed=False).call.template == "(no route)"


@pytest.mark.parametrize(
    ("parent", "kept"),
    [
        ("00-" + "a" * 32 + "-" + "b" * 16 + "-01", True),
        ("00-xyz", False),
        ("00-" + "A" * 32 + "-" + "b" * 16 + "-01", False),
    ],
)
def test_trace_takes_over_a_valid_traceparent_only(parent: str, kept: bool) -> None:
    call = ask(Trace(saying(b"{}"), "p"), headers={"traceparent": parent}, routed=False).call
    assert call.traceparent == (parent if kept else "")


def test_observed_tells_one_fact_an_answer(facts: list[Any]) -> None:
    flight = InFlight()
    ask(Observed(saying(b"{}", status=201), flight))
    (fact,) = facts
    assert (fact.route, fact.method, fact.status, fact.request_id) == ("/health/live", "GET", 201, "request-1")
    assert flight.now == 0


def test_observed_counts_who_went_away_and_who_crashed(facts: list[Any]) -> None:
    flight = InFlight()
    with pytest.raises(RuntimeError):
        ask(Observed(raising(RuntimeError()), flight))
    ask(Observed(silent, flight))
    assert [fact.status for fact in facts] == [499, 499]
    assert flight.now == 0


# -- failures, deadline, bound --------------------------------------------------------------------------------


def test_an_error_is_a_problem_document_with_its_headers() -> None:
    error = Conflict("It is taken.", errors=[{"pointer": "/sku", "detail": "is taken"}], headers={"Retry-After": "3"})
    found = ask(Failures(raising(error)), path="/api/v1/contacts")
    assert (found.status, found.headers["retry-after"], found.headers["cache-control"]) == (409, "3", "no-store")
    assert found.problem == {
        "type": "/problems/conflict", "title": "Conflict", "status": 409, "detail": "It is taken.", "code": "conflict",
        "advice": Conflict.advice, "instance": "/api/v1/contacts",
        "errors": [{"pointer": "/sku", "detail": "is taken"}], "requestId": "request-1",
    }  # fmt: skip


def test_a_bug_is_a_500_that_tells_the_log_and_not_the_caller(facts: list[Any]) -> None:
    found = ask(Failures(raising(ValueError("password=hunter2"))))
    assert found.status == 500
    assert b"hunter2" not in found.body
    (fact,) = facts
    assert isinstance(fact.error, ValueError)


def test_a_bug_in_an_answer_that_has_begun_cuts_it_off(facts: list[Any]) -> None:
    async def half(scope: Scope, _: Receive, send: Send) -> None:
        await answer(send, call_of(scope), 200, [], b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ask(Failures(half))
    assert len(facts) == 1


def test_what_takes_too_long_is_cancelled_and_a_504() -> None:
    ended = []

    async def slow(*_: Any) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append(True)
            raise

    found = ask(Failures(Deadline(slow, 0.02)))
    assert (found.status, found.problem["code"], ended) == (504, "deadline-exceeded", [True])


def chunks(*sizes: int) -> list[dict[str, Any]]:
    last = len(sizes) - 1
    return [{"type": "http.request", "body": b"x" * size, "more_body": n < last} for n, size in enumerate(sizes)]


def test_a_body_is_read_whole_up_to_the_bound() -> None:
    app = Bound(saying(b"{}"), 100, 1.0)
    assert ask(app, "POST", body=chunks(40, 0, 60)).call.body == b"x" * 100
    for body in (chunks(101), chunks(60, 41)):
        with pytest.raises(BodyTooLarge):
            ask(app, "POST", body=body)
    with pytest.raises(BodyTooLarge):
        ask(app, "POST", headers={"content-length": "101"}, body=[])
    assert ask(app, "GET", body=chunks(500)).call.body == b""


def test_a_caller_that_goes_away_while_it_sends_is_no_bug() -> None:
    with pytest.raises(BadRequest, match="went away"):
        ask(Bound(saying(b"{}"), 100, 1.0), "POST", body=chunks(40, 1)[:1])


def test_a_body_that_never_comes_is_a_504() -> None:
    async def stuck() -> Any:
        await asyncio.sleep(30)

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        await Bound(saying(b"{}"), 100, 0.02)(scope, stuck, send)

    with pytest.raises(DeadlineExceeded):
        ask(app, "POST")


def test_a_long_path_or_query_is_refused() -> None:
    app = Bound(saying(b"{}"), 100, 1.0)
    assert ask(app, path="/" + "x" * (MAX_PATH - 1), query="x" * MAX_QUERY).status == 200
    with pytest.raises(UriTooLong):
        ask(app, query="x" * (MAX_QUERY + 1))
    with pytest.raises(UriTooLong):
        ask(app, path="/" + "x" * MAX_PATH)


def test_headers_are_bounded_in_number_and_in_bytes() -> None:
    app = Bound(saying(b"{}"), 100, 1.0)
    many = {f"x-{n}": "1" for n in range(MAX_HEADERS)}
    assert ask(app, headers=many).status == 200
    assert ask(app, headers={"x-long": "x" * MAX_HEADER_BYTES}).status == 200
    for headers in (many | {"x-more": "1"}, {"x-long": "x" * MAX_HEADER_BYTES, "x-more": "1"}):
        with pytest.raises(HeadersTooLarge):
            ask(app, headers=headers)


# -- identity, limit, authorise -------------------------------------------------------------------------------


def identity(app: App, *proxies: str) -> Identity:
    return Identity(app, OneCaller(MEMBER), StampTokens(SECRET, lambda: "e"), proxies)


@pytest.mark.parametrize(
    ("proxies", "client", "forwarded", "address"),
    [
        ((), "198.51.100.9", "203.0.113.5", "198.51.100.9"),
        (("10.0.0.0/8",), "198.51.100.9", "203.0.113.5", "198.51.100.9"),
        (("10.0.0.0/8",), "10.0.0.1", "203.0.113.5", "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.1", "192.0.2.66, 203.0.113.5", "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.1", "192.0.2.66, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.1", "10.9.9.9", "10.9.9.9"),
        (("10.0.0.0/8",), "10.0.0.1", "", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "nonsense", "nonsense"),
        (("2001:db8::/32",), "2001:db8::1", "2001:db9::5", "2001:db9::5"),
        (("10.0.0.0/8",), "unix", "203.0.113.5", "unix"),
        # A socket of both protocols tells IPv4 callers so.
        (("10.0.0.0/8",), "::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"),
        # Each proxy's own line; and with ports.
        (("10.0.0.0/8",), "10.0.0.1", "192.0.2.66, 203.0.113.5\n10.0.0.2", "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.1", "203.0.113.5:51234, 10.0.0.2:80", "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.1", "[2001:db8::1]:51234", "2001:db8::1"),
    ],
)
def test_a_forwarded_address_is_believed_as_far_as_trusted_proxies_wrote_it(
    proxies: tuple[str, ...], client: str, forwarded: str, address: str
) -> None:
    names = ("x-forwarded-for", "X-Forwarded-For")  # two lines of one name
    headers = dict(zip(names, filter(None, forwarded.split("\n")), strict=False))
    assert ask(identity(saying(b"{}"), *proxies), headers=headers, client=client).call.client == address


def test_who_cannot_be_identified_is_held_until_it_was_charged() -> None:
    app = identity(saying(b"{}"))
    path = "/api/v1/contacts"
    assert isinstance(ask(app, path=path).call.refusal, Unauthenticated)
    assert isinstance(ask(app, path=path, headers={"authorization": "Bearer bad"}).call.refusal, Unauthenticated)
    call = ask(app, path=path, headers={"authorization": "Bearer good"}).call
    assert (call.principal, call.refusal) == (MEMBER, None)
    assert ask(app, path="/health/live").call.refusal is None
    for method, path, status in (("GET", "/nowhere", 404), ("PUT", "/api/v1/contacts", 405)):
        refusal = ask(app, method, path).call.refusal
        assert refusal is not None
        assert refusal.status == status


def test_refusals_are_charged_first_and_what_is_free_is_not() -> None:
    app = identity(Limit(saying(b"{}"), Limiter(None), enforced=True))
    left = []
    for n in range(20):
        try:
            found = ask(app, path="/api/v1/contacts")
        except Unauthenticated:
            left.append(n)
        except TooManyRequests:
            break
        else:
            raise AssertionError(found.status)
    assert left == list(range(15)), "without Redis: the local share of sixty"
    assert ask(app, path="/health/live").status == 200
    assert "ratelimit" not in ask(app, path="/health/live").headers


def test_limits_that_are_off_still_refuse_who_is_nobody() -> None:
    app = identity(Limit(saying(b"{}"), Limiter(None), enforced=False))
    for _ in range(100):
        with pytest.raises(Unauthenticated):
            ask(app, path="/api/v1/contacts")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/api/v1/contacts", True), ("POST", "/api/v1/contacts", True), ("DELETE", "/api/v1/contacts/x", False),
     ("GET", "/api/v1/invoices", False), ("GET", "/api/v1/dashboard/stats", True), ("GET", "/health/live", True)],
)  # fmt: skip
def test_a_role_may_do_its_verbs_in_licensed_modules(method: str, path: str, allowed: bool) -> None:
    app = identity(Authorise(saying(b"{}")))
    if allowed:
        assert ask(app, method, path, {"authorization": "Bearer good"}).status == 200
    else:
        with pytest.raises(Forbidden):
            ask(app, method, path, {"authorization": "Bearer good"})


# -- compress -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("coding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_long_text_is_sent_smaller_and_is_the_same(coding: str, decode: Any) -> None:
    found = ask(Compress(saying(LONG)), headers={"accept-encoding": coding})
    assert decode(found.body) == LONG
    assert len(found.body) < len(LONG) / 5
    assert found.headers["content-length"] == str(len(found.body))
    assert found.headers["content-encoding"] == coding
    assert found.headers["etag"] == f'"abc-{coding}"'


@pytest.mark.parametrize(
    ("app", "headers"),
    [(saying(LONG), {}), (saying(LONG), {"accept-encoding": "identity"}),
     (saying(b"x" * (WORTH - 1)), {"accept-encoding": "br"}),
     (saying(LONG, b"application/pdf"), {"accept-encoding": "br"})],
)  # fmt: skip
def test_what_is_not_asked_for_or_not_worth_it_is_sent_as_it_is(app: App, headers: dict[str, str]) -> None:
    found = ask(Compress(app), headers=headers)
    assert "content-encoding" not in found.headers
    assert found.headers["etag"] == '"abc"'


def test_what_is_streamed_or_encoded_already_passes() -> None:
    async def streaming(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]})
        await send({"type": "http.response.body", "body": LONG, "more_body": True})
        await send({"type": "http.response.body", "body": LONG})

    async def encoded(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/css"), (b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": LONG})

    assert ask(Compress(streaming), headers={"accept-encoding": "br"}).body == LONG * 2
    assert ask(Compress(encoded), headers={"accept-encoding": "br"}).body == LONG


def test_a_head_answer_has_the_length_and_no_body() -> None:
    found = ask(Compress(saying(LONG)), "HEAD", headers={"accept-encoding": "br"})
    assert (found.body, found.headers["content-length"]) == (b"", str(len(LONG)))


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [(b"", ""), (b"br", "br"), (b"gzip, br", "br"), (b"gzip;q=0.9, br;q=0.8", "gzip"), (b"*;q=0", ""),
     (b"br;q=0, *", "gzip"), (b"\xff\xfe", ""), (b"gzip;q=", ""), (b", ,", "")],
)  # fmt: skip
def test_negotiation(accepted: bytes, coding: str) -> None:
    assert negotiate(accepted) == coding
