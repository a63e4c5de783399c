"""The limits as callers meet them: on both workers at once, in the headers, by tenant, by address, and at the login."""

import time
from collections import Counter

import httpx
import pytest

from payaid.limits.limiter import LEASING_FROM
from payaid.rules.tiers import BUDGETS, LOGIN, UNAUTHENTICATED, Tier
from tests.fixtures.api import Api, Person, await_window, plain, problem

LOGIN_PATH = "/api/v1/auth/login"
# A scene takes less than this on a slow machine; one that would straddle two windows waits for the next.
SCENE_S = 8.0


@pytest.fixture(autouse=True)
def one_window(api: Api) -> None:
    """Begin where enough of the minute is left for the scene."""
    await_window(api, SCENE_S)


def everywhere(api: Api, person: Person, calls: int, path: str = "/api/v1/auth/me") -> list[httpx.Response]:
    """So many calls, fifty at once, over as many connections: the workers share them."""
    return api.side_by_side([lambda: person.get(path)] * calls, width=50)


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.BASIC])
def test_fifty_callers_on_both_workers_get_the_limit_and_no_more(api: Api, tier: Tier) -> None:
    person, limit = api.owner(tier), BUDGETS[tier].minute
    answers = everywhere(api, person, limit + 40)
    assert {one.headers["x-instance"] for one in answers} == api.workers().keys()
    counted = Counter(one.status_code for one in answers)
    assert set(counted) == {200, 429}
    assert counted[200] <= limit
    # All leases together hold a tenth at most, and small plans get none: those are served to the last request.
    assert counted[200] >= (limit if limit < LEASING_FROM else limit * 0.9)
    assert everywhere(api, person, 10)[0].status_code == 429


def test_a_refusal_says_when_to_come_back_and_why(api: Api) -> None:
    person = api.owner("free")
    everywhere(api, person, 61)
    answer = person.get("/api/v1/contacts")
    assert "plan free" in problem(answer, 429)["detail"]
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["retry-after"] == answer.headers["x-ratelimit-reset"]
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.headers["ratelimit-policy"] == '"minute";q=60;w=60, "hour";q=1000;w=3600'


def test_the_headers_count_down_on_hits_and_refusals_alike(api: Api) -> None:
    person = api.owner("free")
    for n in range(1, 30):
        path = ("/api/v1/contacts", "/api/v1/contacts/none", "/api/v1/contacts?limit=0")[n % 3]
        headers = person.get(path).headers
        assert headers["x-ratelimit-limit"] == "60"
        assert headers["x-ratelimit-remaining"] == str(60 - n)
        assert headers["ratelimit"].startswith(f'"minute";r={60 - n};t=')
        assert f'"hour";r={1000 - n};t=' in headers["ratelimit"]


def test_remaining_never_promises_what_is_then_refused(api: Api) -> None:
    """With leases each worker knows its own share: what it says is left must be there."""
    person = api.owner("pro")
    ends = api.at_each_worker(person)
    last = [500, 500]
    for n in range(120):
        headers = ends[n % 2].get("/api/v1/auth/me").headers
        left = int(headers["x-ratelimit-remaining"])
        assert left <= 500 - n // 2
        assert left < last[n % 2]
        last[n % 2] = left


def test_one_tenants_users_share_one_budget_and_others_have_their_own(api: Api) -> None:
    tenant = api.tenant("free")
    first, second, other = tenant.user(), tenant.user("member"), api.owner("free")
    everywhere(api, first, 70)
    problem(second.get("/api/v1/contacts"), 429)
    assert other.get("/api/v1/contacts").status_code == 200


def test_health_and_metrics_are_free(api: Api) -> None:
    stranger = api.stranger()
    for _ in range(UNAUTHENTICATED.minute + 10):
        assert stranger.get("/health/live").status_code == 200
    assert "x-ratelimit-limit" not in api.http.get("/metrics").headers
    assert stranger.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/api/v1/contacts", "/nowhere"])
def test_who_is_not_known_is_counted_by_address(api: Api, path: str) -> None:
    stranger, neighbour = api.stranger(), api.stranger()
    codes = Counter(stranger.get(path).status_code for _ in range(UNAUTHENTICATED.minute + 5))
    assert codes[429] == 5
    problem(stranger.get("/docs"), 429)
    assert neighbour.get(path).status_code != 429


def test_a_bad_token_does_not_spend_the_tenants_budget(api: Api) -> None:
    person = api.owner("free")
    before = int(person.get("/api/v1/contacts").headers["x-ratelimit-remaining"])
    for _ in range(5):
        assert person.get("/api/v1/contacts", {"authorization": f"Bearer {person.token}x"}).status_code == 401
    assert int(person.get("/api/v1/contacts").headers["x-ratelimit-remaining"]) == before - 1


def test_logins_are_counted_by_address(api: Api) -> None:
    stranger = api.stranger()
    answers = [
        stranger.post(LOGIN_PATH, {"email": f"{n}@example.in", "password": "x"}) for n in range(LOGIN.minute + 3)
    ]
    assert [one.status_code for one in answers] == [401] * LOGIN.minute + [429] * 3
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert stranger.get("/openapi.json").status_code == 200, "reading is another budget"


def test_logins_are_counted_by_account_wherever_they_come_from(api: Api) -> None:
    account = api.tenant().user(password="right")
    answers = [
        api.stranger().post(LOGIN_PATH, {"email": f" {account.email.upper()}", "password": "wrong"})
        for _ in range(LOGIN.minute + 3)
    ]
    assert [one.status_code for one in answers] == [401] * LOGIN.minute + [429] * 3
    problem(api.stranger().post(LOGIN_PATH, {"email": account.email, "password": "right"}), 429)


def test_an_address_is_believed_only_as_far_as_proxies_wrote_it(api: Api) -> None:
    """What a caller puts in front of X-Forwarded-For changes nothing: the last address is the proxy's own word."""
    stranger = api.stranger()
    codes = Counter(
        stranger.get("/docs", {"x-forwarded-for": f"198.51.100.{n}, {stranger.address}"}).status_code
        for n in range(UNAUTHENTICATED.minute + 5)
    )
    assert codes == {200: UNAUTHENTICATED.minute, 429: 5}


def test_a_plan_that_changes_counts_from_the_next_request(api: Api) -> None:
    person = api.owner("free")
    assert person.tenant
    assert person.get("/api/v1/auth/me").headers["x-ratelimit-limit"] == "60"
    api.owner_sql("""UPDATE "Tenant" SET "subscriptionTier" = 'professional' WHERE id = %s""", person.tenant.id)
    deadline = time.monotonic() + 1
    while any(one.get("/api/v1/auth/me").headers["x-ratelimit-limit"] != "500" for one in api.at_each_worker(person)):
        assert time.monotonic() < deadline
    assert plain(person.get("/api/v1/auth/me"))["tier"] == "pro"


def test_what_was_decided_is_counted(api: Api) -> None:
    person = api.owner("free")
    everywhere(api, person, 70)
    deadline = time.monotonic() + 3
    while api.metric("payaid_limiter_decisions_total", decision="refused", tier="free") < 10:
        assert time.monotonic() < deadline
    assert api.metric("payaid_limiter_decisions_total", decision="admitted", tier="free") >= 54
