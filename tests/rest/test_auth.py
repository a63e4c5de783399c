"""Logging in and out, and how fast the service believes that somebody may not be here any more."""

import statistics
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.eventually import eventually
from tests.fixtures.api import Api, Person, Tenant, plain, problem, timed

PASSWORD = "correct horse battery"
LOGIN, REFRESH, LOGOUT, ME = (f"/api/v1/auth/{word}" for word in ("login", "refresh", "logout", "me"))
# What "for others within 1 s" leaves a revocation, on every worker.
HEARD_S = 1.0


@pytest.fixture(scope="module")
def tenant(api: Api) -> Tenant:
    return api.tenant("pro", ["crm"])


def logged_in(api: Api, account: Person, password: str = PASSWORD) -> tuple[Person, dict[str, Any]]:
    """The session's bearer, and what the login answered."""
    answer = api.stranger().post(LOGIN, {"email": account.email, "password": password})
    session = plain(answer)
    return Person(api.http, session["accessToken"], account.id, account.email, account.tenant), session


def refused_everywhere(api: Api, person: Person, within_s: float = HEARD_S) -> None:
    def refused() -> bool:
        return all(one.get(ME).status_code == 401 for one in api.at_each_worker(person))

    eventually(refused, "both workers refuse the token", within_s)


def test_a_login_opens_a_session(api: Api, tenant: Tenant) -> None:
    account = tenant.user("manager", password=PASSWORD)
    answer = api.stranger().post(LOGIN, {"email": f" {account.email.upper()} ", "password": PASSWORD})
    assert answer.headers["cache-control"] == "no-store"
    session = plain(answer)
    assert session["tokenType"] == "Bearer"
    assert session["expiresIn"] == 900
    assert session["user"] == {"id": account.id, "email": account.email, "name": None, "role": "manager"}
    assert session["tenant"] == {"id": tenant.id, "name": tenant.id, "tier": "pro", "modules": ["crm"]}
    claims = jwt.decode(session["accessToken"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900
    assert PASSWORD not in answer.text
    person = Person(api.http, session["accessToken"])
    me = plain(person.get(ME))
    assert (me["id"], me["role"], me["tenantId"], me["tier"]) == (account.id, "manager", tenant.id, "pro")
    assert "crm:delete" in me["grants"]
    assert not [grant for grant in me["grants"] if grant.startswith("finance")]


def test_a_wrong_password_and_no_account_look_the_same_and_take_as_long(api: Api, tenant: Tenant) -> None:
    account = tenant.user(password=PASSWORD)
    # This account's hash is as slow as those that the service makes, unlike the other tests' quick ones.
    from payaid.rest.auth import HASHER  # noqa: PLC0415  # half a second of hashing, for this test alone

    api.owner_sql('UPDATE "User" SET password = %s WHERE id = %s', HASHER.hash(PASSWORD), account.id)

    def attempt(email: str) -> httpx.Response:
        return api.stranger().post(LOGIN, {"email": email, "password": "wrong"})

    wrong, nobody = problem(attempt(account.email), 401), problem(attempt("nobody@example.in"), 401)
    assert {**wrong, "requestId": ""} == {**nobody, "requestId": ""}
    known = statistics.median(timed(lambda: attempt(account.email)) for _ in range(3))
    unknown = statistics.median(timed(lambda n=n: attempt(f"nobody-{n}@example.in")) for n in range(3))  # type: ignore[misc]
    assert 0.33 < known / unknown < 3


def test_an_account_without_a_password_cannot_log_in(api: Api, tenant: Tenant) -> None:
    problem(api.stranger().post(LOGIN, {"email": tenant.user().email, "password": "None"}), 401)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@b.in"},
        {"email": "a@b.in", "password": ""},
        {"email": 1, "password": 2},
        {"email": "a@b.in", "password": "x", "tenantId": "t"},
    ],
)
def test_a_login_without_what_it_needs_is_422(api: Api, body: dict[str, Any]) -> None:
    problem(api.stranger().post(LOGIN, body), 422)


def exchanged_long_ago(api: Api, account: Person) -> None:
    api.owner_sql('UPDATE "Session" SET "rotatedAt" = now() - interval \'61 s\' WHERE "userId" = %s', account.id)


def test_a_refresh_token_works_once_and_its_use_a_minute_later_ends_the_session(api: Api, tenant: Tenant) -> None:
    account = tenant.user(password=PASSWORD)
    person, session = logged_in(api, account)
    second = plain(api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}))
    assert second["refreshToken"] != session["refreshToken"]
    fresh = Person(api.http, second["accessToken"])
    assert fresh.get(ME).status_code == 200
    assert person.get(ME).status_code == 200, "the older access token lives until it expires"
    exchanged_long_ago(api, account)
    problem(api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}), 401)
    refused_everywhere(api, fresh)
    refused_everywhere(api, person)
    problem(api.stranger().post(REFRESH, {"refreshToken": second["refreshToken"]}), 401)


def test_who_asks_again_because_the_answer_was_lost_is_given_the_same_token(api: Api, tenant: Tenant) -> None:
    account = tenant.user(password=PASSWORD)
    _, session = logged_in(api, account)
    body = {"refreshToken": session["refreshToken"]}
    answers = api.side_by_side([lambda: api.stranger().post(REFRESH, body)] * 6)
    assert [one.status_code for one in answers] == [200] * 6
    (given,) = {one.json()["refreshToken"] for one in answers}
    assert Person(api.http, answers[-1].json()["accessToken"]).get(ME).status_code == 200
    exchanged_long_ago(api, account)
    third = plain(api.stranger().post(REFRESH, {"refreshToken": given}))
    assert third["refreshToken"] not in {given, session["refreshToken"]}


@pytest.mark.parametrize("forge", [lambda parts: parts[0] + ".guessed", lambda parts: f"{parts[0]}.guessed.{parts[2]}",
                                   lambda parts: f"{parts[0]}.{parts[1]}."])  # fmt: skip
def test_a_token_that_was_never_given_ends_nobodys_session(
    api: Api, tenant: Tenant, forge: Callable[[list[str]], str]
) -> None:
    """Whoever sees an access token, an old one in a log perhaps, knows the tenant and the session."""
    person, session = logged_in(api, tenant.user(password=PASSWORD))
    problem(api.stranger().post(REFRESH, {"refreshToken": forge(session["refreshToken"].split("."))}), 401)
    assert [one.get(ME).status_code for one in api.at_each_worker(person)] == [200, 200]
    assert api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}).status_code == 200


def test_a_token_two_exchanges_old_ends_the_session_at_once(api: Api, tenant: Tenant) -> None:
    _, session = logged_in(api, tenant.user(password=PASSWORD))
    newest = session
    for _ in range(2):
        newest = plain(api.stranger().post(REFRESH, {"refreshToken": newest["refreshToken"]}))
    problem(api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}), 401)
    refused_everywhere(api, Person(api.http, newest["accessToken"]))
    problem(api.stranger().post(REFRESH, {"refreshToken": newest["refreshToken"]}), 401)


def test_a_refresh_tells_what_is_true_now(api: Api, tenant: Tenant) -> None:
    account = tenant.user("member", password=PASSWORD)
    _, session = logged_in(api, account)
    api.owner_sql("""UPDATE "User" SET role = 'admin' WHERE id = %s""", account.id)
    assert plain(api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}))["user"]["role"] == "admin"


def test_a_refresh_token_expires(api: Api, tenant: Tenant) -> None:
    account = tenant.user(password=PASSWORD)
    person, session = logged_in(api, account)
    api.owner_sql('UPDATE "Session" SET "expiresAt" = now() - interval \'1 s\' WHERE "userId" = %s', account.id)
    problem(api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}), 401)
    refused_everywhere(api, person)


def test_a_logout_ends_the_session_on_every_worker(api: Api, tenant: Tenant) -> None:
    account = tenant.user(password=PASSWORD)
    person, session = logged_in(api, account)
    other, _ = logged_in(api, account)
    assert [one.get(ME).status_code for one in api.at_each_worker(person)] == [200, 200]
    assert person.post(LOGOUT, {}).status_code == 204
    refused_everywhere(api, person)
    problem(api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}), 401)
    assert other.get(ME).status_code == 200, "another login of the same user goes on"


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE "User" SET "isActive" = false WHERE id = %(user)s""",
        """DELETE FROM "User" WHERE id = %(user)s""",
        """UPDATE "Tenant" SET status = 'suspended' WHERE id = %(tenant)s""",
        """UPDATE "Tenant" SET status = 'cancelled' WHERE id = %(tenant)s""",
        """DELETE FROM "Session" WHERE "userId" = %(user)s""",
    ],
)
def test_who_may_not_be_here_any_more_is_out_within_a_second(api: Api, change: str) -> None:
    """The change is made by another program, with no word to the service."""
    tenant = api.tenant()
    account = tenant.user(password=PASSWORD)
    person, session = logged_in(api, account)
    assert [one.get("/api/v1/contacts").status_code for one in api.at_each_worker(person)] == [200, 200]
    api.owner_sql(change.replace("%(user)s", f"'{account.id}'").replace("%(tenant)s", f"'{tenant.id}'"))
    refused_everywhere(api, person)
    problem(api.stranger().post(REFRESH, {"refreshToken": session["refreshToken"]}), 401)
    if "Session" not in change:
        problem(api.stranger().post(LOGIN, {"email": account.email, "password": PASSWORD}), 401)


def test_the_role_is_the_databases_not_the_tokens(api: Api) -> None:
    tenant = api.tenant()
    member = tenant.user("member")
    pretender = Person(api.http, api.mint(tenant_id=tenant.id, user_id=member.id, email="x", roles=["owner"],
                                          modules=["crm"], tier="enterprise"))  # fmt: skip
    row = pretender.made("/api/v1/tasks", {"title": "x"})
    problem(pretender.delete(f"/api/v1/tasks/{row['id']}"), 403)
    assert plain(pretender.get(ME))["role"] == "member"
    api.owner_sql("""UPDATE "User" SET role = 'manager' WHERE id = %s""", member.id)
    eventually(lambda: all(one.get(ME).json()["role"] == "manager" for one in api.at_each_worker(pretender)),
               "the new role is known", HEARD_S)  # fmt: skip
    assert pretender.delete(f"/api/v1/tasks/{row['id']}").status_code == 204


def test_modules_and_tier_are_the_databases_not_the_tokens(api: Api) -> None:
    tenant = api.tenant("free", ["crm"])
    user = tenant.user()
    pretender = Person(api.http, api.mint(tenant_id=tenant.id, user_id=user.id, email="x", roles=["owner"],
                                          modules=["crm", "finance"], tier="enterprise"))  # fmt: skip
    answer = pretender.get("/api/v1/invoices")
    problem(answer, 403)
    assert answer.headers["x-ratelimit-limit"] == "60"


def test_a_module_that_is_given_up_is_gone_from_the_dashboard_too(api: Api) -> None:
    person = api.owner()
    tenant = person.tenant
    assert tenant
    for one in api.at_each_worker(person) * 3:
        assert "invoices" in plain(one.get("/api/v1/dashboard/stats"))
    api.owner_sql("""UPDATE "Tenant" SET "licensedModules" = '{crm}' WHERE id = %s""", tenant.id)

    def gone() -> bool:
        return all("invoices" not in plain(one.get("/api/v1/dashboard/stats")) for one in api.at_each_worker(person))

    eventually(gone, "the dashboard is without finance", HEARD_S)
