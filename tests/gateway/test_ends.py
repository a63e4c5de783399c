"""Requests that end otherwise than with an answer in time: a deadline, a caller that goes away, a drain."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.eventually import eventually
from tests.fixtures.api import Api, plain, problem
from tests.fixtures.database import Database


@pytest.fixture(scope="module")
def hasty(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The service with little patience."""
    with Api.serving(module_database, tmp_path_factory.mktemp("hasty"), REQUEST_DEADLINE_MS="400") as served:
        yield served
        assert '"event": "crashed"' not in served.logged()


@pytest.fixture(scope="module")
def patient(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The service with patience for what a busy machine takes between a tenth of it and all."""
    with Api.serving(module_database, tmp_path_factory.mktemp("patient"), REQUEST_DEADLINE_MS="3000") as served:
        yield served
        assert '"event": "crashed"' not in served.logged()


def test_a_write_that_waits_too_long_is_a_504_and_was_not_done(hasty: Api) -> None:
    person = hasty.owner()
    row = person.made("/api/v1/tasks", {"title": "before"})
    where = f"/api/v1/tasks/{row['id']}"
    with psycopg.connect(hasty.database.owner_url) as other:
        other.execute('SELECT 1 FROM "Task" WHERE id = %s FOR UPDATE', (row["id"],))
        started = time.monotonic()
        late = person.patch(where, {"title": "after"})
        problem(late, 504)
        assert "db;dur=" in late.headers["server-timing"], "what it waited for"
        assert time.monotonic() - started < 5
        assert plain(person.get(where))["title"] == "before"
        other.rollback()
    assert plain(person.patch(where, {"title": "later"}))["title"] == "later"


def test_a_part_of_a_batch_that_takes_too_long_takes_nobody_with_it(patient: Api) -> None:
    person = patient.owner()
    row = person.made("/api/v1/tasks", {"title": "before"})
    where = f"/api/v1/tasks/{row['id']}"
    parts = [
        {"id": "slow", "method": "PATCH", "path": where, "body": {"title": "after"}},
        {"id": "after it", "path": where, "dependsOn": ["slow"]},
        {"id": "made", "method": "POST", "path": "/api/v1/tasks", "body": {"title": "made"}},
    ]
    with psycopg.connect(patient.database.owner_url) as other:
        other.execute('SELECT 1 FROM "Task" WHERE id = %s FOR UPDATE', (row["id"],))
        results = plain(person.post("/api/v1/batch", {"requests": parts}))["results"]
        other.rollback()
    assert [(one["id"], one["status"]) for one in results] == [("slow", 504), ("after it", 504), ("made", 201)]
    assert results[0]["body"]["code"] == results[1]["body"]["code"] == "deadline-exceeded"
    assert "nothing was done" in results[1]["body"]["detail"]
    late = {"route": "/api/v1/crm/tasks/{id}", "method": "PATCH", "status": "504"}
    eventually(lambda: patient.metric("payaid_http_requests_total", **late) == 1, "it is counted as what was told")
    assert {one["title"] for one in person.rows("/api/v1/tasks")} == {"before", "made"}


@pytest.mark.parametrize("sent", [b"", b'{"name": "ha'], ids=["after the head", "in the middle of the body"])
def test_a_caller_that_goes_away_costs_nobody_anything(hasty: Api, sent: bytes) -> None:
    person = hasty.owner()
    head = (
        f"POST /api/v1/contacts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {person.token}\r\n"
        "content-type: application/json\r\ncontent-length: 500\r\n\r\n"
    ).encode()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", int(hasty.env["PORT"]))) as caller:
            caller.sendall(head + sent)
    for one in hasty.at_each_worker(person):
        assert one.rows("/api/v1/contacts") == []
    eventually(lambda: hasty.metric("payaid_http_in_flight") <= 2, "nothing stays under way")


def test_a_body_that_never_ends_is_given_up(hasty: Api) -> None:
    person = hasty.owner()
    with socket.create_connection(("127.0.0.1", int(hasty.env["PORT"])), timeout=10) as caller:
        caller.sendall(
            f"POST /api/v1/contacts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {person.token}\r\n"
            "content-type: application/json\r\ncontent-length: 500\r\n\r\n{".encode()
        )
        assert caller.recv(200).startswith(b"HTTP/1.1 504")


def test_a_drain_lets_requests_end_and_takes_no_more(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Api.serving(module_database, tmp_path_factory.mktemp("drain")) as served:
        person = served.owner()
        row = person.made("/api/v1/tasks", {"title": "x"})
        with psycopg.connect(module_database.owner_url) as other:
            other.execute('SELECT 1 FROM "Task" WHERE id = %s FOR UPDATE', (row["id"],))
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(person.patch, f"/api/v1/tasks/{row['id']}", {"title": "y"})
                eventually(lambda: _waits_for_a_lock(served), "the write is under way")
                served.process.terminate()
                other.rollback()
                answer = waiting.result(10)
        assert plain(answer)["title"] == "y"
        assert served.process.wait(10) is not None


def _waits_for_a_lock(served: Api) -> bool:
    found = served.owner_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return found != [(0,)]
