"""Redis goes and comes back: reads go on, limits are a local share, logins wait, and all of it is counted."""

from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.fixtures.api import Api, Person, plain, problem
from tests.fixtures.database import Database
from tests.fixtures.keyvalue import LoneNode


@pytest.fixture(scope="module")
def alone(module_database: Database, lone_node: LoneNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The service with one Redis node, which may be killed."""
    with Api.serving(
        module_database, tmp_path_factory.mktemp("alone"), REDIS_CLUSTER_NODES="", REDIS_URL=lone_node.url
    ) as served:
        yield served


def test_with_one_node_it_works_as_with_a_cluster(alone: Api) -> None:
    person = alone.owner()
    person.made("/api/v1/contacts", {"name": "x"})
    for one in alone.at_each_worker(person):
        eventually(lambda one=one: one.get("/api/v1/contacts").headers["cache-status"] == "payaid-l1; hit", "a hit")  # type: ignore[misc]
    assert plain(alone.http.get("/api/health"))["parts"]["redis"] == "ok"


def test_without_redis_everything_but_logins_goes_on(alone: Api, lone_node: LoneNode) -> None:
    person = alone.owner("free")
    warm = alone.owner()
    row = warm.made("/api/v1/contacts", {"name": "before"})
    eventually(lambda: "hit" in warm.get("/api/v1/contacts").headers["cache-status"], "a hit")
    lone_node.kill()

    for n in range(10):
        made = warm.post("/api/v1/contacts", {"name": str(n)})
        assert made.status_code == 201
        stamp = {"x-payaid-stamp": made.headers["x-payaid-stamp"]}
        for one in alone.at_each_worker(warm):
            assert plain(one.get("/api/v1/contacts?limit=1", stamp))["data"][0]["name"] == str(n)
            assert plain(one.get(f"/api/v1/contacts/{row['id']}"))["name"] == "before"
    eventually(
        lambda: "hit" in warm.get("/api/v1/contacts").headers["cache-status"], "the process' own layer still hits"
    )

    def told() -> tuple[str, str]:
        health = alone.http.get("/api/health")
        return plain(health)["status"], health.json()["parts"]["redis"]

    eventually(lambda: told() == ("degraded", "away"), "health tells that Redis is away (it looks once a second)")
    assert alone.http.get("/health/ready").status_code == 200

    # A local share of the free plan's 60 a minute, per process.
    one = alone.at_each_worker(person)[0]
    answers = [one.get("/api/v1/auth/me").status_code for _ in range(40)]
    assert answers.count(200) >= 15
    assert answers.count(429) >= 1
    assert set(answers) == {200, 429}

    login = alone.stranger().post("/api/v1/auth/login", {"email": "a@example.in", "password": "x"})
    problem(login, 503)
    assert login.headers["retry-after"]

    eventually(lambda: alone.metric("payaid_degradations_total", what="redis") > 0, "counted: redis")
    eventually(lambda: alone.metric("payaid_degradations_total", what="limiter-local") > 0, "counted: limiter")
    eventually(lambda: alone.metric("payaid_degradations_total", what="limiter-closed") > 0, "counted: logins")
    eventually(lambda: alone.metric("payaid_limiter_decisions_total", decision="degraded") > 0, "counted: decisions")


def test_when_redis_is_back_it_is_used_again(alone: Api, lone_node: LoneNode) -> None:
    if lone_node.process is None:
        lone_node.start()
    person: Person = alone.owner()

    def back() -> bool:
        person.get("/api/v1/auth/me")
        login = alone.stranger().post("/api/v1/auth/login", {"email": "a@example.in", "password": "x"})
        return login.status_code == 401 and plain(alone.http.get("/api/health"))["parts"]["redis"] == "ok"

    eventually(back, "Redis is asked again")
