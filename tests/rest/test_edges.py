"""The edges of the protocol, through the front door: heads, what browsers are told, timing, scraping, versions."""

import itertools
import json
import re
import socket
import time
from pathlib import Path

import httpx
import pytest

from payaid.rules.addresses import share, within
from tests.fixtures.api import Api, Person, await_window, plain, problem
from tests.fixtures.database import Database

ORIGIN = "https://app.payaid.example"
NETWORKS = itertools.count(1)
TIMING = re.compile(r"([a-z]+);(?:dur=([\d.]+)|desc=(\w+))")


@pytest.fixture(scope="module")
def owner(api: Api) -> Person:
    return api.owner()


def timing(answer: httpx.Response) -> dict[str, float | str]:
    """Server-Timing, by name: milliseconds, or the description."""
    return {name: float(dur) if dur else desc for name, dur, desc in TIMING.findall(answer.headers["server-timing"])}


# -- the head of a request ------------------------------------------------------------------------------------


def test_a_head_that_is_too_large_is_a_problem(owner: Person) -> None:
    problem(owner.get("/api/v1/contacts", {"cookie": "x" * 20_000}), 431)
    problem(owner.get("/api/v1/contacts", {f"x-{n}": "1" for n in range(80)}), 431)
    assert owner.get("/api/v1/contacts", {"cookie": "x" * 8_000}).status_code == 200


def test_an_address_that_is_too_long_is_a_problem(owner: Person) -> None:
    problem(owner.get("/api/v1/contacts", q="x" * 5_000), 414)
    problem(owner.get(f"/api/v1/contacts/{'x' * 5_000}"), 414)


def test_what_fits_no_buffer_is_refused_by_the_server_itself(api: Api) -> None:
    """Nothing of it reaches us, so it is no problem document; the connection is over."""
    with socket.create_connection(("127.0.0.1", int(api.env["PORT"])), timeout=5) as line:
        line.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-long: " + b"x" * 200_000 + b"\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 431")


# -- what browsers are told -----------------------------------------------------------------------------------


def test_no_answer_is_guessed_at(api: Api, owner: Person) -> None:
    answers = [owner.get("/api/v1/contacts"), owner.get("/api/v1/contacts"), owner.get("/api/v1/nowhere")]
    answers += [api.stranger().get(path) for path in ("/health/live", "/docs", "/api/v1/contacts")]
    assert {one.headers.get("x-content-type-options") for one in answers} == {"nosniff"}
    assert "strict-transport-security" not in answers[0].headers, "TLS ends at the balancer unless we are told"


def test_pages_stand_in_nobodys_frame_and_run_nothing_of_others(api: Api) -> None:
    headers = api.stranger().get("/docs").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert (headers["x-frame-options"], headers["referrer-policy"]) == ("DENY", "no-referrer")


def test_what_needed_a_token_is_private(owner: Person) -> None:
    contact = owner.made("/api/v1/contacts", {"name": "Priya"})
    answers = [
        owner.get("/api/v1/contacts"),
        owner.get(f"/api/v1/contacts/{contact['id']}"),
        owner.get("/api/v1/auth/me"),
        owner.patch(f"/api/v1/contacts/{contact['id']}", {"name": "Asha"}),
        owner.post("/api/v1/batch", {"requests": [{"path": "/api/v1/contacts"}]}),
    ]
    for one in answers:
        assert one.status_code == 200, one.text
        assert "private" in one.headers["cache-control"]
        assert "authorization" in one.headers["vary"]


def test_configured_origins_and_hsts_are_told_to_everybody(database: Database, tmp_path: Path) -> None:
    settings = {"CORS_ORIGINS": ORIGIN, "HSTS_MAX_AGE_S": "31536000", "WORKERS": "1", "METRICS_TOKEN": "4f" * 32}
    with Api.serving(database, tmp_path, **settings) as api:
        for headers in ({}, {"origin": "https://evil.example"}, {"origin": ORIGIN}):
            answer = api.stranger().get("/health/live", headers)
            assert "origin" in answer.headers["vary"], "a cache between must not mix them up"
            assert ("access-control-allow-origin" in answer.headers) == (headers.get("origin") == ORIGIN)
            assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        # With a token even this machine needs it.
        problem(api.http.get("/metrics"), 401)
        problem(api.http.get("/metrics", headers={b"authorization": "Basic é".encode("latin-1")}), 401)
        assert api.http.get("/metrics", headers={"authorization": f"Bearer {'4f' * 32}"}).status_code == 200


# -- where the time went --------------------------------------------------------------------------------------


def test_an_answer_that_waited_says_for_what(owner: Person) -> None:
    missed = timing(owner.get("/api/v1/deals", limit=7))
    assert missed["cache"] == "miss"
    assert 0 < float(missed["db"]) <= float(missed["total"])
    assert 0 <= float(missed["pool"]) < float(missed["total"])
    made = timing(owner.post("/api/v1/contacts", {"name": "Priya"}))
    assert 0 < float(made["db"]) < float(made["total"])
    assert "cache" not in made
    gone = owner.get("/api/v1/contacts/none")
    assert gone.status_code == 404
    assert float(timing(gone)["db"]) > 0


def test_a_hit_waited_for_nothing(api: Api, owner: Person) -> None:
    one = owner.through(next(iter(api.workers().values())))
    while (answer := one.get("/api/v1/deals", limit=9)).headers["cache-status"] != "payaid-l1; hit":
        assert "total" in timing(answer)
    assert "server-timing" not in answer.headers


# -- a write, told twice --------------------------------------------------------------------------------------


def test_a_repeated_write_shows_its_row_too(api: Api, owner: Person) -> None:
    first, second = api.at_each_worker(owner)
    key = {"idempotency-key": f"edge-{time.time_ns()}"}
    made = first.post("/api/v1/contacts", {"name": "Priya"}, key)
    again = second.post("/api/v1/contacts", {"name": "Priya"}, key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == made.json()
    assert again.headers["etag"] == made.headers["etag"]
    stamp = {"x-payaid-stamp": again.headers["x-payaid-stamp"]}
    for one in (first, second):
        assert plain(one.get(f"/api/v1/contacts/{made.json()['id']}", stamp))["name"] == "Priya"


# -- who may scrape -------------------------------------------------------------------------------------------


def test_figures_are_for_this_machine_alone(api: Api) -> None:
    assert api.http.get("/metrics").status_code == 200
    await_window(api, 4)
    stranger = api.stranger()
    refusals = [stranger.get("/metrics") for _ in range(12)]
    assert "METRICS_TOKEN" in problem(refusals[0], 401)["advice"]
    assert [one.status_code for one in refusals] == [401] * 10 + [429] * 2


def test_a_proxy_that_nobody_named_does_not_make_strangers_local(database: Database, tmp_path: Path) -> None:
    with Api.serving(database, tmp_path, TRUSTED_PROXIES="", WORKERS="1") as api:
        assert api.http.get("/metrics").status_code == 200
        for name in ("x-forwarded-for", "forwarded"):
            problem(api.http.get("/metrics", headers={name: "127.0.0.1"}), 401)


def test_figures_are_made_once_a_second_however_many_ask(api: Api) -> None:
    answers = api.side_by_side([lambda: api.http.get("/metrics")] * 20)
    by_worker: dict[str, set[str]] = {}
    for one in answers:
        assert one.headers["cache-control"] == "no-store"
        by_worker.setdefault(one.headers["x-instance"], set()).add(one.text)
    assert all(len(texts) <= 2 for texts in by_worker.values())


# -- what is counted by what ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_ipv6_counts_by_network(address: str, counted: str) -> None:
    assert share(address) == counted
    assert not within(address, [])


def test_an_ipv6_caller_cannot_walk_through_its_network(api: Api) -> None:
    await_window(api, 4)
    addresses = [f"2001:db8:7:{next(NETWORKS):x}::{n}" for n in range(2)]
    network = f"2001:db8:9:{next(NETWORKS):x}"
    addresses += [f"{network}::{n}" for n in range(3)]
    answers = [api.stranger().get("/openapi.json", {"x-forwarded-for": one}) for one in addresses]
    left = [int(one.headers["x-ratelimit-remaining"]) for one in answers]
    assert left == [59, 59, 59, 58, 57]


def test_renewing_a_session_does_not_spend_the_logins_budget(api: Api) -> None:
    person = api.tenant().user(password="right")
    login = {"email": person.email, "password": "right"}
    token = plain(person.post("/api/v1/auth/login", login))["refreshToken"]
    for _ in range(6):
        token = plain(person.post("/api/v1/auth/refresh", {"refreshToken": token}))["refreshToken"]
    left = person.post("/api/v1/auth/login", login | {"password": "wrong"}).headers["x-ratelimit-remaining"]
    assert int(left) >= 8, "two logins of ten"


def test_a_session_is_renewed_ten_times_a_minute_at_most_wherever_from(api: Api) -> None:
    await_window(api, 4)
    person = api.tenant().user(password="right")
    token = plain(person.post("/api/v1/auth/login", {"email": person.email, "password": "right"}))["refreshToken"]
    answers = [api.stranger().post("/api/v1/auth/refresh", {"refreshToken": token}) for _ in range(12)]
    assert [one.status_code for one in answers] == [200] * 10 + [429] * 2


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", json.dumps({"requests": []}).encode(), json.dumps({"requests": [{"path": "/x"}]}).encode(),
     json.dumps({"requests": [{"path": "/api/v1/contacts", "dependsOn": ["none"]}]}).encode()],
)  # fmt: skip
def test_a_batch_that_is_refused_whole_costs_one(api: Api, body: bytes) -> None:
    await_window(api, 4)
    person = api.owner("free")
    assert person.get("/api/v1/auth/me").headers["x-ratelimit-remaining"] == "59"
    assert person.post("/api/v1/batch", body).status_code in {400, 422}
    assert person.get("/api/v1/auth/me").headers["x-ratelimit-remaining"] == "57"


def test_refused_batches_end_with_the_budget(api: Api) -> None:
    await_window(api, 4)
    person = api.owner("free")
    answers = api.side_by_side([lambda: person.post("/api/v1/batch", b"{")] * 70)
    assert sorted({one.status_code for one in answers}) == [400, 429]
    assert sum(one.status_code == 400 for one in answers) == 60


def test_a_key_that_is_no_text_is_refused_in_a_batch_as_well(api: Api) -> None:
    item = {"path": "/api/v1/contacts", "method": "POST", "headers": {"Idempotency-Key": "a\0b"}, "body": {"name": "x"}}
    [result] = plain(api.owner().post("/api/v1/batch", {"requests": [item]}))["results"]
    assert result["status"] == 400
    assert "cannot be printed" in result["body"]["detail"]


def test_below_a_row_both_modules_must_be_licensed(api: Api) -> None:
    """A contact's invoices are finance below crm: with either alone there is nothing to see."""
    both = api.owner(modules=("crm", "finance"))
    contact = both.made("/api/v1/contacts", {"name": "Priya"})
    path = f"/api/v1/contacts/{contact['id']}/invoices"
    assert both.get(path).status_code == 200
    for modules, missing in ((("crm",), "finance"), (("finance",), "crm")):
        refused = problem(api.owner(modules=modules).get(path), 403)
        assert missing in refused["detail"]
    assert problem(api.owner(modules=("finance",)).post(path, {}), 403)


# -- search ---------------------------------------------------------------------------------------------------


def test_a_search_says_when_it_looked_at_some_matches_only(api: Api) -> None:
    tenant = api.tenant()
    person = tenant.user()
    names = [{"id": f"{tenant.id}-c{n}", "name": f"Searched {n}"} for n in range(1001)]
    tenant.insert("Contact", names[:1000])
    exactly = plain(person.get("/api/v1/contacts", q="searched", limit=2))
    assert exactly["page"]["capped"] is False
    tenant.insert("Contact", names[1000:])
    more = plain(person.get("/api/v1/contacts", q="searched", limit=3))
    assert more["page"]["capped"] is True
    assert len(more["data"]) == 3
    following = plain(person.get("/api/v1/contacts", q="searched", limit=3, cursor=more["page"]["next"]))
    assert following["page"]["capped"] is True
    assert not {one["id"] for one in following["data"]} & {one["id"] for one in more["data"]}
    assert "capped" not in plain(person.get("/api/v1/contacts", limit=3))["page"]


# -- versions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v2/contacts", "/api/v2", "/api/v10/contacts/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_version_that_there_is_not_is_named(api: Api, owner: Person, method: str, path: str) -> None:
    for person in (owner, api.stranger()):
        assert "there is: v1" in problem(person.ask(method, path), 404)["detail"]
