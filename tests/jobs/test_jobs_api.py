"""What a tenant sees of its jobs, and does with them, while no worker is there to hurry."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from payaid.jobs import outbox
from tests.fixtures.api import Person, plain, problem
from tests.fixtures.database import Database
from tests.fixtures.jobs import QueueNode
from tests.fixtures.office import Office, opened
from tests.fixtures.relay import Relay

JOBS = "/api/v1/jobs"


@pytest.fixture(scope="module")
def idle(
    module_database: Database, queue_node: QueueNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """An office without a worker."""
    with opened(module_database, queue_node, tmp_path_factory.mktemp("idle")) as office:
        yield office


@pytest.fixture
def owner(idle: Office) -> Person:
    return idle.api.owner()


def written(person: Person, path: str = "crm/contacts") -> str:
    answer = person.post(f"/api/v1/{path}/export", {})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_a_list_is_paged_newest_first_and_is_the_tenants_own(idle: Office, owner: Person) -> None:
    jobs = [written(owner) for _ in range(7)]
    written(idle.api.owner())
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = plain(owner.get(JOBS, limit=3, **cursor))
        seen += [one["id"] for one in page["data"]]
        if page["page"]["next"] is None:
            break
        cursor = {"cursor": page["page"]["next"]}
    assert seen == jobs[::-1]
    first = plain(owner.get(JOBS))["data"][0]
    assert first == plain(owner.get(f"{JOBS}/{jobs[-1]}"))
    assert owner.get(JOBS).headers["cache-control"] == "no-store"


def test_a_list_is_narrowed(idle: Office, owner: Person) -> None:
    gone, kept = written(owner), written(owner)
    assert owner.post(f"{JOBS}/{gone}/cancel", None).status_code == 202
    assert [one["id"] for one in owner.rows(JOBS, state="cancelled")] == [gone]
    assert [one["id"] for one in owner.rows(JOBS, state="pending", task="export")] == [kept]
    assert owner.rows(JOBS, task="email") == []
    problem(owner.get(JOBS, state="asleep"), 400, "query:state")
    problem(owner.get(JOBS, limit=0, colour="red"), 400, "query:limit", "query:colour")
    page = plain(owner.get(JOBS, limit=1))["page"]["next"]
    problem(owner.get(JOBS, limit=1, cursor=page, state="done"), 400, "query:cursor")


def test_a_waiting_job_is_cancelled_at_once_and_done_again(idle: Office, owner: Person) -> None:
    job = written(owner)
    cancelled = owner.post(f"{JOBS}/{job}/cancel", None)
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert cancelled.headers["location"] == f"{JOBS}/{job}"
    problem(owner.post(f"{JOBS}/{job}/cancel", None), 409)
    again = owner.post(f"{JOBS}/{job}/retry", None)
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    problem(owner.post(f"{JOBS}/{job}/retry", None), 409)


INTERNAL = "an internal error; the operator has the cause"


@pytest.mark.parametrize(
    ("cause", "shown"),
    [
        ("Permanent: row 3: the date is none (at sheet.py:37)", "row 3: the date is none"),
        ("Transient: the server answered 451 (try later) (at smtp.py:68)", "the server answered 451 (try later)"),
        ("Uncertain: it broke off,\nand nobody knows", "it broke off,\nand nobody knows"),
        ("TimeoutError: the attempt's deadline passed (at tasks.py:520)", "the attempt's deadline passed"),
        ("its worker died while acting: done or not, nobody knows",) * 2,
        ("ten workers died running it",) * 2,
        ("UniqueViolation: duplicate key DETAIL: (email)=(x@y.in) exists (at cursor.py:97)", INTERNAL),
        ("PermanentlyLost: 10.0.0.7:5432 (at pool.py:3)", INTERNAL),
        ("no disk", INTERNAL),
    ],
)
def test_a_dead_job_says_why_in_words_that_were_meant_for_it(
    idle: Office, owner: Person, cause: str, shown: str
) -> None:
    job = written(owner)
    idle.place.query("""UPDATE "Outbox" SET state = 'dead', error = %s, attempts = 3 WHERE id = %s""", cause, job)
    one = plain(owner.get(f"{JOBS}/{job}"))
    assert (one["state"], one["error"], one["attempts"], one["result"]) == ("dead", shown, 3, None)
    assert [row["error"] for row in owner.rows(JOBS)] == [shown]
    assert owner.post(f"{JOBS}/{job}/retry", None).json()["attempts"] == 0


def test_what_nobody_has_and_who_may(idle: Office, owner: Person) -> None:
    assert owner.tenant
    job = written(owner)
    other = idle.api.owner()
    for path in (f"{JOBS}/none", f"{JOBS}/{job}"):
        problem(other.get(path), 404)
        problem(other.post(f"{path}/cancel", None), 404)
        problem(other.post(f"{path}/retry", None), 404)
    system = idle.place.write("echo", tenant=owner.tenant.id)
    assert idle.place.ask(outbox.cancel, system, other.tenant.id if other.tenant else "") is None
    assert plain(owner.get(f"{JOBS}/{system}"))["state"] == "pending"
    problem(idle.api.stranger().get(JOBS), 401)
    problem(owner.delete(f"{JOBS}/{job}"), 405)


def test_verbs_go_by_both_names_and_through_a_batch(idle: Office, owner: Person, tmp_path: Path) -> None:
    for path in ("contacts", "crm/contacts", "crm/products"):
        assert plain(owner.get(f"{JOBS}/{written(owner, path)}"))["task"] == "export"
    (result,) = plain(
        owner.post("/api/v1/batch", {"requests": [{"method": "POST", "path": "/api/v1/contacts/export", "body": {}}]})
    )["results"]
    assert (result["status"], result["headers"]["location"]) == (202, f"{JOBS}/{result['body']['id']}")
    for wrong in ("/api/v1/products/export", "/api/v1/contacts/x/export", "/api/v1/contacts/fly"):
        assert owner.post(wrong, {}).status_code in {404, 405}
    problem(owner.get("/api/v1/contacts/export"), 405)


def test_a_primary_that_is_lost_for_a_moment_or_longer_is_no_bug(
    module_database: Database, queue_node: QueueNode, relays: Callable[..., Relay], tmp_path: Path
) -> None:
    relay = relays(module_database.stack.site.ports["primary"])
    through = relay.url(module_database.listen_url)
    with opened(module_database, queue_node, tmp_path, DATABASE_URL=through, WORKERS="1") as office:
        owner = office.api.owner()
        job = written(owner)
        for path in (JOBS, f"{JOBS}/{job}"):
            relay.cut()  # every connection that the pool holds
            plain(owner.get(path))
        relay.away()
        for path in (JOBS, f"{JOBS}/{job}"):
            problem(owner.get(path), 503)
