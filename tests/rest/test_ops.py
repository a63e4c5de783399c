"""The operator's page: who gets it, what it tells, that it loads nothing from elsewhere; and its figures by table."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from payaid.rest.ops import Ops
from payaid.settings import Settings, SettingsError
from payaid.telemetry.figures import figures, parse, quantile
from payaid.telemetry.prometheus import BOUNDS
from tests.eventually import eventually
from tests.fixtures.api import Api, Person, plain, problem
from tests.fixtures.database import Database

EXPOSITION = """\
# HELP payaid_http_requests_total Requests answered.
payaid_http_requests_total{route="/a",method="GET",status="200",worker="i-1"} 8.0
payaid_http_requests_total{route="/a",method="GET",status="503",worker="i-2"} 2.0
payaid_cache_requests_total{class="list",result="hit_l1",worker="i-1"} 3.0
payaid_cache_requests_total{class="list",result="miss",worker="i-2"} 1.0
payaid_cache_requests_total{class="sessions",result="miss",worker="i-2"} 50.0
payaid_reads_total{server="cache",reason="hit_l1",worker="i-1"} 3.0
payaid_reads_total{server="primary",reason="lag",worker="i-1"} 1.0
payaid_limiter_decisions_total{decision="refused",tier="",worker="i-1"} 5.0
payaid_degradations_total{what="a \\"quoted\\" thing",worker="i-1"} 2.0
payaid_pool_connections{server="primary",state="open",worker="i-1"} 2.0
payaid_pool_connections{server="primary",state="open",worker="i-2"} 3.0
payaid_jobs_now{task="warm",state="dead",worker="j-1"} 4.0
payaid_jobs_now{task="warm",state="dead",worker="j-2"} 4.0
payaid_jobs_running{worker="j-1"} 1.0
payaid_process_start_seconds{worker="i-1"} 1000.0
payaid_process_start_seconds{worker="j-1"} 900.0
"""


def buckets(worker: str, *counts: int) -> str:
    """A histogram as the service writes it: every bucket, each with all that are below it."""
    edges = [*map(str, BOUNDS), "+Inf"]
    running = [sum(counts[: number + 1]) for number in range(len(edges))]
    labels = f'route="/a",method="GET",worker="{worker}"'
    return "".join(
        f'payaid_http_request_seconds_bucket{{{labels},le="{edge}"}} {count}.0\n'
        for edge, count in zip(edges, running, strict=True)
    )


@pytest.fixture(scope="module")
def owner(api: Api) -> Person:
    return api.owner()


def bearer(api: Api, token: str | None = None) -> dict[str, str]:
    return {"authorization": f"Bearer {token or api.env['OPS_TOKEN']}"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_the_operator_gets_the_page_by_either_scheme(api: Api) -> None:
    for headers in (bearer(api), basic("anybody", api.env["OPS_TOKEN"])):
        answer = api.stranger().get("/ops", headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"


def test_nobody_else_does_and_guesses_are_counted(api: Api, owner: Person) -> None:
    assert owner.get("/ops").status_code == 401  # a tenant's owner is not the operator
    guesser = api.stranger()
    refused = guesser.get("/ops", bearer(api, "x" * 40))
    problem(refused, 401)
    assert refused.headers["www-authenticate"].startswith("Basic ")
    for headers in (basic("x", ""), {"authorization": "Basic ???"}, {"authorization": "Digest x"}, {}):
        problem(guesser.get("/ops", headers), 401)
    problem(api.http.get("/ops", headers={b"authorization": "Basic é".encode("latin-1")}), 401)
    statuses = [guesser.get("/ops", bearer(api, "y" * 40)).status_code for _ in range(10)]
    assert statuses[:5] == [401] * 5
    assert statuses[-1] == 429


def test_without_a_token_there_is_no_page(database: Database, tmp_path: Path) -> None:
    with Api.serving(database, tmp_path, OPS_TOKEN="", WORKERS="1") as bare:
        problem(bare.stranger().get("/ops", bearer(bare, "x" * 40)), 404)
        assert problem(bare.stranger().get("/nowhere"), 404)["code"] == "not-found"


@pytest.mark.parametrize("token", ["short", "change-me-change-me-change-me-change-me"])
def test_a_weak_token_is_refused(api: Api, token: str) -> None:
    with pytest.raises(SettingsError, match="OPS_TOKEN"):
        Settings.read(api.env | {"OPS_TOKEN": token})


def test_it_runs_its_own_script_alone_and_needs_nobody_else(api: Api) -> None:
    first, second = (api.stranger().get("/ops", bearer(api)) for _ in range(2))
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce
    assert set(re.findall(r'<(?:script|style)[^>]*nonce="([^"]+)"', first.text)) == {nonce[1]}
    assert policy != second.headers["content-security-policy"]
    assert not re.findall(r'(?:src|href|action)="(?!data:,)', first.text)
    assert not re.findall(r'\s(?:style|on\w+)="', first.text)


def test_the_figures_move_with_requests_and_hide_no_template_gap(api: Api, owner: Person) -> None:
    def hits() -> float:
        counters = counted(api.stranger().get("/ops", bearer(api), figures="").text)
        return float(counters.get("class list asked", 0))

    before = hits()
    for person in api.at_each_worker(owner):
        plain(person.get("/api/v1/crm/contacts"))
    eventually(lambda: hits() >= before + 2, "both workers' reads are shown", 5.0)
    page = api.stranger().get("/ops", bearer(api)).text
    for name in api.workers():
        assert name in page
    assert "/api/v1/crm/contacts" in page


def counted(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="counters"[^>]*>(.*?)</script>', text)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    return document


def test_a_label_cannot_end_the_script() -> None:
    text = 'payaid_degradations_total{what="</script><b>",worker="i-1"} 2.0\n'
    page = Ops("x", "i-1", text.encode, None)._render("ops_figures.html.j2", "n").decode()  # type: ignore[arg-type]
    assert "<b>" not in page
    assert page.count("</script>") == 1


def test_figures_of_a_recorded_exposition() -> None:
    text = EXPOSITION + buckets("i-1", 4, 4) + buckets("i-2", *[0] * len(BOUNDS), 2)
    told = figures(text, 1060.0)
    (route,) = told["routes"]
    assert (route["requests"], route["failed"]) == (10, 2)
    assert route["p50"] == pytest.approx(0.001 + 0.0015 / 4)
    assert route["p99"] == BOUNDS[-1]
    assert (told["total"]["hit_rate"], told["total"]["error_rate"]) == (75.0, 20.0)
    assert [(row["server"], row["share"]) for row in told["reads"]] == [("cache", 75.0), ("primary", 25.0)]
    assert told["limiter"][0]["labels"] == ("refused", "")
    assert told["degradations"][0]["labels"] == ('a "quoted" thing',)
    assert told["pools"][0]["open"] == 5
    assert told["queue"]["tasks"][0]["states"]["dead"] == 4  # both workers tell of the same table
    assert [(row["name"], row["kind"], row["up_s"]) for row in told["processes"]] == [
        ("i-1", "api", 60.0),
        ("j-1", "jobs", 160.0),
    ]


def test_nothing_is_told_of_nothing() -> None:
    told = figures("", 0.0)
    assert told["total"]["p95"] is None
    assert told["total"]["hit_rate"] is None
    assert parse("# only comments\nother_metric 1\n") == {}


@pytest.mark.parametrize(("share", "expected"), [(0.25, 0.0005), (0.5, 0.001), (1.0, 0.0025)])
def test_quantiles_lie_straight_between_bounds(share: float, expected: float) -> None:
    buckets = [4.0, 4.0] + [0.0] * (len(BOUNDS) - 1)
    assert quantile(buckets, share) == pytest.approx(expected)
