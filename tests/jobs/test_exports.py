"""Exports through the front door: what is in the file, who gets it, and what it costs."""

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from python_calamine import CalamineWorkbook

from payaid.files import Files, Ticket
from tests.fixtures.api import Person, plain, problem
from tests.fixtures.jobs import until
from tests.fixtures.office import Office

EXPORT = "/api/v1/crm/contacts/export"
FORMULAS = ["=1+1", "+91 98765 43210", "-2", "@SUM(A1)", "'=x", "'quoted", "a=b", "\ttab"]


@pytest.fixture(scope="module")
def owner(office: Office) -> Person:
    """Contacts with all that a table could spoil."""
    person = office.api.owner()
    person.tenant.insert("Contact", [
        {"name": name, "notes": 'a "quoted",\nbroken line \\ ₹', "tags": ["vip", "पुणे"] if at else [],
         "status": "active" if at % 2 else "lost", "leadScore": at, "createdAt": f"2026-04-01T00:00:0{at}Z"}
        for at, name in enumerate(FORMULAS)
    ])  # fmt: skip
    return person


def table(raw: bytes) -> list[dict[str, str]]:
    assert not raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


def test_a_csv_has_every_row_and_runs_nothing(office: Office, owner: Person) -> None:
    answer = owner.post(EXPORT, {})
    assert (answer.json()["task"], answer.json()["state"]) == ("export", "pending")
    assert answer.headers["cache-control"] == "no-store"
    result = office.done(owner, answer)
    rows = table(office.fetched(result))
    assert result["rows"] == len(rows) == len(FORMULAS)
    assert [row["name"] for row in reversed(rows)] == [
        "'=1+1", "'+91 98765 43210", "'-2", "'@SUM(A1)", "''=x", "'quoted", "a=b", "'\ttab",
    ]  # fmt: skip
    assert {row["notes"] for row in rows} == {'a "quoted",\nbroken line \\ ₹'}
    assert {row["tags"] for row in rows} == {"", "vip;पुणे"}
    assert rows[0]["createdAt"].endswith("Z")
    assert set(rows[0]) == set(plain(owner.get(f"/api/v1/contacts/{rows[0]['id']}")))


def test_json_has_the_rows_of_the_api(office: Office, owner: Person) -> None:
    rows = json.loads(office.fetched(office.done(owner, owner.post(EXPORT, {"format": "json"}))))
    assert [row["name"] for row in reversed(rows)] == FORMULAS
    assert rows[0] == plain(owner.get(f"/api/v1/contacts/{rows[0]['id']}"))
    empty = office.api.owner()
    assert json.loads(office.fetched(office.done(empty, empty.post(EXPORT, {"format": "json"})))) == []


def test_lines_come_along(office: Office) -> None:
    owner = office.api.owner()
    owner.made("/api/v1/orders", {
        "shippingAddress": "1 MG Road", "shippingCity": "Pune", "shippingPostal": "411001",
        "items": [{"productName": "Tile", "quantity": 3, "price": 33.33}, {"productName": "Grout", "quantity": 1,
                                                                           "price": 5}],
    })  # fmt: skip
    (row,) = table(office.fetched(office.done(owner, owner.post("/api/v1/orders/export", {}))))
    assert [one["productName"] for one in json.loads(row["items"])] == ["Tile", "Grout"]
    (whole,) = json.loads(office.fetched(office.done(owner, owner.post("/api/v1/orders/export", {"format": "json"}))))
    assert json.loads(row["items"]) == whole["items"]


def test_a_workbook_holds_the_same_cells(office: Office, owner: Person) -> None:
    result = office.done(owner, owner.post(EXPORT, {"format": "xlsx", "fields": ["name", "leadScore"]}))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(office.fetched(result))).get_sheet_by_index(0).to_python()
    assert rows[0] == ["name", "leadScore"]
    assert [row[0] for row in reversed(rows[1:])] == FORMULAS
    assert result["rows"] == len(FORMULAS)


def test_a_cell_that_no_sheet_holds_is_refused_and_not_cut(office: Office) -> None:
    owner = office.api.owner()
    assert owner.tenant
    wanted = {"format": "xlsx", "fields": ["name", "notes"]}
    owner.tenant.insert("Contact", [{"name": "long", "notes": "x" * 32_767}])
    office.place.database.await_replay()
    raw = office.fetched(office.done(owner, owner.post(EXPORT, wanted)))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert len(rows[1][1]) == 32_767
    for length in (32_768, 200_000):
        owner.tenant.insert("Contact", [{"name": "longer", "notes": "x" * length}])
        office.place.database.await_replay()
        answer = owner.post(EXPORT, wanted)
        job = office.ended(owner, answer)
        assert (job["state"], job["attempts"]) == ("dead", 1)
        assert f"row 2 has a cell of {length:,} characters" in job["error"]
        assert "export as csv" in job["error"]
        assert not list(Path(office.place.env["FILES_DIR"]).glob(f"*/{answer.json()['id']}/*"))
    assert office.done(owner, owner.post(EXPORT, {**wanted, "format": "csv"}))["rows"] == 3


def test_filters_and_fields_are_those_of_a_list(office: Office, owner: Person) -> None:
    wanted = {"filters": {"status": "active", "leadScore.gte": "3"}, "fields": ["leadScore", "name"]}
    rows = table(office.fetched(office.done(owner, owner.post(EXPORT, wanted))))
    assert [list(row) for row in rows] == [["leadScore", "name"]] * 3
    assert [float(row["leadScore"]) for row in rows] == [7, 5, 3]
    problem(owner.post(EXPORT, {"filters": {"status": "no", "name": "x", "q": "x"}}), 422,
            "/filters/status", "/filters/name", "/filters/q")  # fmt: skip
    problem(owner.post(EXPORT, {"fields": ["password"]}), 422, "/fields/0")
    problem(owner.post(EXPORT, {"format": "pdf", "colour": "red"}), 422, "/format", "/colour")


def test_nobody_else_has_a_part_in_it(office: Office, owner: Person) -> None:
    other = office.api.owner()
    other.tenant.insert("Contact", [{"name": "theirs"}])
    answer = owner.post(EXPORT, {"filters": {"status": "active"}})
    job = answer.headers["location"]
    problem(other.get(job), 404)
    problem(other.post(f"{job}/cancel", None), 404)
    problem(other.post(f"{job}/retry", None), 404)
    problem(office.api.stranger().get(job), 401)
    assert b"theirs" not in office.fetched(office.done(owner, answer))


def test_it_costs_ten(office: Office) -> None:
    person = office.api.tenant(tier="free").user()
    left = [int(person.post(EXPORT, {}).headers["x-ratelimit-remaining"]) for _ in range(2)]
    assert left[0] - left[1] == 10


def test_a_key_makes_one_job_of_two_requests(office: Office, owner: Person) -> None:
    first, second = (owner.post(EXPORT, {}, {"idempotency-key": "export"}) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotency-replayed"] == "true"


def test_links_that_are_forged_changed_or_too_old_lead_nowhere(office: Office, owner: Person) -> None:
    result = office.done(owner, owner.post(EXPORT, {}))
    stranger = office.api.stranger()
    link: str = result["link"]
    head = stranger.ask("HEAD", link)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(result["bytes"]))
    got = stranger.get(link)
    assert got.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    assert got.headers["content-type"] == "text/csv; charset=utf-8"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["x-content-type-options"] == "nosniff"
    start, token = link.rsplit("/", 1)
    for at in range(0, len(token), 9):
        problem(stranger.get(f"{start}/{token[:at]}{'B' if token[at] == 'A' else 'A'}{token[at + 1 :]}"), 404)
    for wrong in (token[:-1], token + "A", "x", "%00", "~", token[:20]):
        problem(stranger.get(f"{start}/{wrong}"), 404)

    env = office.api.env
    files = Files(office.place.env["FILES_DIR"], env["JWT_SECRET"], 3600)
    ticket = files.open(token)
    assert (ticket.tenant, ticket.name) == (owner.tenant.id, "contacts.csv")
    problem(stranger.get(files.link(ticket, int(time.time()) - 1)), 404)
    assert stranger.get(files.link(ticket, int(time.time()) + 60)).content == got.content
    forged = Files(office.place.env["FILES_DIR"], "x" * 40, 3600).link(ticket, int(time.time()) + 60)
    problem(stranger.get(forged), 404)
    problem(stranger.get(files.link(Ticket(ticket.tenant, ticket.job, "other.csv"), int(time.time()) + 60)), 404)
    problem(owner.post("/api/v1/batch", {"requests": [{"path": link}]}), 422, "/requests/0/path")


def test_files_are_removed_when_no_link_leads_to_them(office: Office, owner: Person) -> None:
    link = office.done(owner, owner.post(EXPORT, {}))["link"]
    files = Files(office.place.env["FILES_DIR"], office.api.env["JWT_SECRET"], 3600)
    path = files.path(files.open(link.rsplit("/", 1)[1]))
    assert path.stat().st_mode & 0o077 == 0 or Path(office.place.env["FILES_DIR"]).stat().st_mode & 0o077 == 0
    assert files.sweep(60) == 0
    assert files.sweep(-1) >= 1
    problem(office.api.stranger().get(link), 404)


def test_a_running_export_is_cancelled_and_done_again(office: Office) -> None:
    owner = office.api.owner()
    _fill(office, owner, 20_000)
    answer = owner.post("/api/v1/contacts/export", {"format": "xlsx"})
    where = answer.headers["location"]
    until(lambda: plain(owner.get(where))["state"] == "running", "it runs")
    assert owner.post(f"{where}/cancel", None).status_code == 202
    assert office.ended(owner, answer)["state"] == "cancelled"
    assert problem(owner.post(f"{where}/cancel", None), 409)["detail"].endswith("cancelled.")
    again = owner.post(f"{where}/retry", None)
    assert again.status_code == 202
    assert office.done(owner, again)["rows"] == 20_000
    problem(owner.post(f"{where}/retry", None), 409)


def test_many_exports_of_one_tenant_leave_the_workers_slots_to_the_others(office: Office) -> None:
    greedy, other = office.api.owner(), office.api.owner()
    with psycopg.connect(office.place.database.owner_url) as holder:
        # Whatever reads contacts stands still, on the replica as well.
        holder.execute('LOCK TABLE "Contact" IN ACCESS EXCLUSIVE MODE')
        exports = [plain(greedy.post(EXPORT, {}))["id"] for _ in range(20)]
        # Asked of the table: by the API it would be asked until the tenant's budget is spent.
        office.place.await_state(exports[0], "running")
        summary = {"report": "gst-summary", "format": "pdf", "period": "2026-04"}
        office.done(other, other.post("/api/v1/reports", summary))
        holder.rollback()
    for export in exports:
        office.place.await_state(export, "done")


def test_a_big_one_takes_little_memory(office: Office) -> None:
    """The short version of a million rows: what the worker holds does not grow with the table."""
    owner = office.api.owner()
    _fill(office, owner, 50_000)
    worker = psutil.Process(office.place._workers[0].process.pid)
    office.done(owner, owner.post(EXPORT, {"filters": {"status": "lost"}}))
    before, most = worker.memory_info().rss, 0
    answer = owner.post(EXPORT, {})
    while plain(owner.get(answer.headers["location"]))["state"] not in {"done", "dead"}:
        most = max(most, worker.memory_info().rss)
    result = office.done(owner, answer)
    assert result["rows"] == 50_000
    assert result["bytes"] > 10_000_000
    assert most - before < 30_000_000


def _fill(office: Office, owner: Person, rows: int) -> None:
    with psycopg.connect(office.place.database.owner_url) as connection:
        connection.execute(
            'INSERT INTO "Contact" ("tenantId", name, email, notes) SELECT %s, \'Contact \' || n,'
            " 'c' || n || '@example.in', repeat('x', 100) FROM generate_series(1, %s) n",
            (_tenant(owner), rows),
        )
    office.place.database.await_replay()


def _tenant(owner: Person) -> Any:
    assert owner.tenant
    return owner.tenant.id
