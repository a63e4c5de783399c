"""Batches through the front door: each item is a request of its own, and none of them takes another with it."""

from typing import Any

import pytest

from tests.fixtures.api import Api, Person, await_window, plain, problem

CONTACTS = "/api/v1/contacts"


@pytest.fixture
def owner(api: Api) -> Person:
    return api.owner()


def sent(person: Person, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = plain(person.post("/api/v1/batch", {"requests": requests}))["results"]
    return results


def nested(depth: int) -> Any:
    body: Any = {}
    for _ in range(depth):
        body = [body]
    return body


def test_items_are_answered_in_their_order_with_what_each_would_have_been_answered_alone(owner: Person) -> None:
    row = owner.made(CONTACTS, {"name": "Asha"})
    alone = owner.get(f"{CONTACTS}/{row['id']}")
    item, missing, made = sent(
        owner,
        {"id": "row", "path": f"{CONTACTS}/{row['id']}"},
        {"path": f"{CONTACTS}/nobody"},
        {"method": "POST", "path": CONTACTS, "body": {"name": "Ravi"}},
    )
    assert (item["id"], item["status"], item["body"]) == ("row", 200, alone.json())
    assert item["headers"]["etag"] == alone.headers["etag"]
    assert item["headers"]["cache-status"].startswith("payaid-l")
    assert (missing["id"], missing["status"], missing["body"]["code"]) == ("1", 404, "not-found")
    assert (made["id"], made["status"]) == ("2", 201)
    assert made["headers"]["location"] == f"/api/v1/crm/contacts/{made['body']['id']}"


def test_each_item_is_charged_and_authorised_by_itself(api: Api) -> None:
    await_window(api, 4)
    person = api.tenant("free", ["crm"]).user("member")
    before = int(person.get("/api/v1/auth/me").headers["x-ratelimit-remaining"])
    row = person.made(CONTACTS, {"name": "x"})
    results = sent(
        person,
        {"path": CONTACTS},
        {"path": "/api/v1/invoices"},
        {"method": "DELETE", "path": f"{CONTACTS}/{row['id']}"},
        {"method": "POST", "path": CONTACTS, "body": {"name": 5}},
    )
    assert [one["status"] for one in results] == [200, 403, 403, 422]
    left = int(person.get("/api/v1/auth/me").headers["x-ratelimit-remaining"])
    assert before - left == 1 + 4 + 1


def test_items_end_with_the_budget_each_by_itself(api: Api) -> None:
    await_window(api, 4)
    person = api.owner("free")
    statuses = [one["status"] for _ in range(4) for one in sent(person, *[{"path": CONTACTS}] * 20)]
    assert sorted(set(statuses)) == [200, 429]
    assert statuses.count(200) == 60


def test_what_depends_on_a_write_is_sent_after_it_and_shows_it(owner: Person) -> None:
    listed, made = sent(
        owner,
        {"id": "list", "path": CONTACTS, "dependsOn": ["made"]},
        {"id": "made", "method": "POST", "path": CONTACTS, "body": {"name": "Asha"}},
    )
    assert [one["name"] for one in listed["body"]["data"]] == ["Asha"]
    assert made["headers"]["x-payaid-stamp"]


def test_what_depends_on_a_failure_is_not_sent(owner: Person) -> None:
    results = sent(
        owner,
        {"id": "bad", "method": "POST", "path": CONTACTS, "body": {}},
        {"id": "next", "method": "POST", "path": CONTACTS, "body": {"name": "x"}, "dependsOn": ["bad"]},
        {"id": "last", "method": "POST", "path": CONTACTS, "body": {"name": "x"}, "dependsOn": ["next"]},
    )
    assert [one["status"] for one in results] == [422, 424, 424]
    assert "bad did not succeed" in results[1]["body"]["detail"]
    assert owner.rows(CONTACTS) == []


def test_an_items_headers_are_its_own(owner: Person) -> None:
    once = {"method": "POST", "path": CONTACTS, "body": {"name": "x"}, "headers": {"Idempotency-Key": "one"}}
    first, second = (sent(owner, once)[0] for _ in range(2))
    assert first["body"]["id"] == second["body"]["id"]
    assert second["headers"]["idempotency-replayed"] == "true"
    where, tag = first["headers"]["location"], sent(owner, {"path": first["headers"]["location"]})[0]["headers"]["etag"]
    results = sent(
        owner,
        {"path": where, "headers": {"If-None-Match": tag}},
        {"method": "PATCH", "path": where, "body": {"name": "y"}, "headers": {"If-Match": '"another"'}},
    )
    assert [one["status"] for one in results] == [304, 412]
    assert results[0]["body"] is None


@pytest.mark.parametrize("query", ["q=राम", "q=%E0%A4%B0%E0%A4%BE%E0%A4%AE", "limit=5&q=राम"])
def test_a_query_may_be_written_as_people_write_it(owner: Person, query: str) -> None:
    row = owner.made(CONTACTS, {"name": "राम"})
    owner.made(CONTACTS, {"name": "Ravi"})
    [result] = sent(owner, {"path": f"{CONTACTS}?{query}"})
    assert [one["id"] for one in result["body"]["data"]] == [row["id"]]


def test_a_path_means_what_it_means_outside_a_batch(owner: Person) -> None:
    row = owner.made(CONTACTS, {"name": "x"})
    path = f"{CONTACTS}/{row['id']}".replace("-", "%2D").replace("contacts", "%63ontacts")
    assert owner.get(path).status_code == 200
    assert [one["status"] for one in sent(owner, {"path": path})] == [200]


@pytest.mark.parametrize(
    ("requests", "pointer"),
    [
        ([], "/requests"),
        ([{"path": CONTACTS}] * 21, "/requests"),
        ([{"path": "/health/live"}], "/requests/0/path"),
        ([{"path": CONTACTS, "method": "OPTIONS"}], "/requests/0/method"),
        ([{"path": CONTACTS, "id": "a"}, {"path": CONTACTS, "id": "a"}], "/requests/1/id"),
        ([{"path": CONTACTS}, {"path": CONTACTS, "dependsOn": ["7"]}], "/requests/1/dependsOn"),
        ([{"path": CONTACTS, "dependsOn": ["1"]}, {"path": CONTACTS, "dependsOn": ["0"]}], "/requests"),
        ([{"path": "/api/v1/batch", "method": "POST", "body": {}}], "/requests/0/path"),
        ([{"path": "/api/v1/%62atch?x", "method": "POST", "body": {}}], "/requests/0/path"),
        ([{"path": "/api/v1/files/x"}], "/requests/0/path"),
        ([{"path": "/api/v1/file%73/x"}], "/requests/0/path"),
        ([{"path": CONTACTS}, {"path": CONTACTS, "method": "POST", "body": nested(300)}], "/requests/1/body"),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(owner: Person, requests: list[dict[str, Any]], pointer: str) -> None:
    problem(owner.post("/api/v1/batch", {"requests": requests}), 422, pointer)
