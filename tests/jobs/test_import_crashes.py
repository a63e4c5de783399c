"""Imports whose worker dies, and uploads that are too large: an office of their own, whose workers may be killed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from tests.fixtures.api import problem
from tests.fixtures.database import Database
from tests.fixtures.jobs import QueueNode, until
from tests.fixtures.office import Office, opened
from tests.jobs.test_imports import CSV, IMPORT, XLSX, complaints, names_of, send, table


@pytest.fixture
def bare(module_database: Database, queue_node: QueueNode, tmp_path: Path) -> Iterator[Office]:
    """An office without a worker, whose uploads are small."""
    with opened(module_database, queue_node, tmp_path, IMPORT_LIMIT="2000000", UPLOADS_WAITING="4000000") as office:
        yield office


def test_an_import_is_bounded_by_its_own_setting(bare: Office) -> None:
    owner = bare.api.owner()
    assert send(owner, b"name\n" + b"x" * 1_500_000).status_code == 202
    problem(send(owner, b"name\n" + b"x" * 2_000_000), 413)

    def chunked() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    headers = {"authorization": f"Bearer {owner.token}", **CSV}
    problem(bare.api.http.post(IMPORT, content=chunked(), headers=headers), 413)
    assert len(list(Path(bare.place.env["FILES_DIR"]).rglob("upload.csv"))) == 1


def test_what_a_tenant_leaves_waiting_is_bounded(bare: Office) -> None:
    owner, other = bare.api.owner(), bare.api.owner()
    body = b"name\n" + b"x" * 100 + b"\n" * 1_499_895
    answers = [send(owner, body) for _ in range(2)]
    refused = problem(send(owner, body), 409)
    assert (refused["code"], "4,000,000 bytes" in refused["detail"]) == ("uploads-waiting", True)

    def chunked() -> Iterator[bytes]:
        yield b"name\nx\n"  # it may become as long as any

    headers = {"authorization": f"Bearer {owner.token}", **CSV}
    problem(bare.api.http.post(IMPORT, content=chunked(), headers=headers), 409)
    assert send(other, body).status_code == 202
    assert len(list(Path(bare.place.env["FILES_DIR"]).rglob("upload.csv"))) == 3
    small = send(owner, b"name\nx\n")
    assert small.status_code == 202
    bare.place.worker()
    for answer in (*answers, small):
        bare.done(owner, answer, 60)
    until(lambda: send(owner, body).status_code == 202, "there is room again")


def test_a_workbook_that_unfolds_beyond_all_memory_is_refused_at_once(bare: Office, tmp_path: Path) -> None:
    owner = bare.api.owner()
    with Workbook(str(tmp_path / "corners.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name"])
        sheet.write(1_048_575, 16_383, "x")
    bare.place.worker()
    job = bare.ended(owner, send(owner, (tmp_path / "corners.xlsx").read_bytes(), kind=XLSX))
    assert (job["state"], job["attempts"]) == ("dead", 1)
    assert "unfolds to more than can be read" in job["error"]
    assert bare.done(owner, send(owner, b"name\nx\n"))["created"] == 1


def test_workers_that_are_killed_in_the_middle_repeat_and_lose_nothing(bare: Office) -> None:
    owner = bare.api.owner()
    rows = [{"name": f"Contact {at}", "email": "bad" if at % 100 == 7 else ""} for at in range(12_000)]
    worker = bare.place.worker()
    answer = send(owner, table(rows))
    job = answer.json()["id"]

    def last() -> int:
        checkpoint = bare.place.job(job)["checkpoint"]
        return int(checkpoint["progress"]["last"]) if checkpoint else 0

    for done in (1, 4000):
        until(lambda done=done: last() > done, f"it is behind row {done}")
        worker.kill()
        assert bare.place.job(job)["state"] == "running"
        worker = bare.place.worker()
    result = bare.done(owner, answer, 60)
    assert bare.place.job(job)["crashes"] == 2
    assert (result["rows"], result["created"], result["bad"]) == (12_000, 11_880, 120)
    assert [int(one["row"]) for one in complaints(bare, result)] == list(range(9, 12_002, 100))
    assert names_of(bare, owner) == Counter(one["name"] for one in rows if not one["email"])


def test_a_drain_and_a_cancel_keep_what_is_done_and_the_rest_follows(bare: Office) -> None:
    owner = bare.api.owner()
    rows = [{"name": f"Contact {at}", "email": "bad" if at % 100 == 7 else ""} for at in range(12_000)]
    worker = bare.place.worker(DRAIN_S="0")
    answer = send(owner, table(rows))
    where = answer.headers["location"]

    def last() -> int:
        checkpoint = bare.place.job(answer.json()["id"])["checkpoint"]
        return int(checkpoint["progress"]["last"]) if checkpoint else 0

    until(lambda: last() > 1, "it has begun")
    assert worker.end() == 0
    bare.place.worker()
    until(lambda: last() > 4000, "it goes on")
    assert owner.post(f"{where}/cancel", None).status_code == 202
    assert bare.ended(owner, answer)["state"] == "cancelled"
    done = last()
    assert 4000 < done < 12_000
    assert sum(names_of(bare, owner).values()) == sum(1 for one in rows[: done - 1] if not one["email"])
    result = bare.done(owner, owner.post(f"{where}/retry", None), 60)
    assert (result["rows"], result["created"], result["bad"]) == (12_000, 11_880, 120)
    assert len(complaints(bare, result)) == 120
    assert names_of(bare, owner) == Counter(one["name"] for one in rows if not one["email"])
