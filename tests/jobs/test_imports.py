"""Imports through the front door: what is made and changed, what is refused and told of, and that it happens once."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from xlsxwriter import Workbook

from tests.fixtures.api import Person, plain, problem
from tests.fixtures.jobs import until
from tests.fixtures.office import Office

IMPORT = "/api/v1/crm/contacts/import"
CSV = {"content-type": "text/csv"}
XLSX = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def send(
    person: Person, body: bytes, path: str = IMPORT, kind: Mapping[str, str] = CSV, **query: str
) -> httpx.Response:
    return person.ask("POST", path, body, kind, **query)


def complaints(office: Office, result: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(office.fetched(result["errors"]).decode(), newline="")))


@pytest.fixture
def owner(office: Office) -> Person:
    return office.api.owner()


def test_rows_are_made_with_their_defaults_and_derived_columns(office: Office, owner: Person) -> None:
    body = table([
        {"name": "Roof", "value": "1,000", "stage": "proposal", "probability": "", "expectedCloseDate": "2026-06-30"},
        {"name": "Wall", "value": "99.50", "stage": "", "probability": "33", "expectedCloseDate": ""},
        {"name": "'=Gate", "value": "5", "stage": "won", "probability": "", "expectedCloseDate": ""},
    ])  # fmt: skip
    result = office.done(owner, send(owner, body, "/api/v1/deals/import"))
    assert {name: result[name] for name in ("rows", "created", "updated", "bad", "ignored")} == {
        "rows": 3, "created": 2, "updated": 0, "bad": 1, "ignored": [],
    }  # fmt: skip
    (bad,) = complaints(office, result)
    assert (bad["row"], bad["column"], bad["name"], bad["value"]) == ("2", "value", "Roof", "1,000")
    rows = {row["name"]: row for row in owner.rows("/api/v1/deals")}
    assert (rows["Wall"]["stage"], rows["Wall"]["probability"], rows["Wall"]["value"]) == ("lead", 33, 99.5)
    assert (rows["=Gate"]["probability"], rows["=Gate"]["actualCloseDate"] is None) == (100, False)


def test_what_was_exported_comes_back_changed(office: Office, owner: Person) -> None:
    names = ["=1+1", "'=x", "+91 98765 43210", 'a "quoted",\nline']
    for name in names:
        owner.made("/api/v1/contacts", {"name": name, "email": "a@example.in", "tags": ["vip", "पुणे"]})
    exported = office.fetched(office.done(owner, owner.post("/api/v1/contacts/export", {})))
    rows = list(csv.DictReader(io.StringIO(exported.decode(), newline="")))
    for row in rows:
        row["city"] = "Pune"
        row["email"] = ""
    rows.append({"name": "New", "city": "Goa"})
    result = office.done(owner, send(owner, table(rows)))
    assert (result["created"], result["updated"], result["bad"], result["errors"]) == (1, 4, 0, None)
    assert result["ignored"] == ["createdAt", "updatedAt"]
    after = owner.rows("/api/v1/contacts")
    assert Counter(row["name"] for row in after) == Counter([*names, "New"])
    old = [row for row in after if row["name"] != "New"]
    assert {(row["city"], row["email"], tuple(row["tags"])) for row in old} == {("Pune", "a@example.in", ("vip", "पुणे"))}


def test_each_bad_row_is_told_of_and_no_other_is_lost(office: Office, owner: Person) -> None:
    kept = owner.made("/api/v1/contacts", {"name": "kept"})
    theirs = office.api.owner().made("/api/v1/contacts", {"name": "theirs"})
    made = [
        {"name": "good 1", "email": "g@example.in", "assignedToId": owner.id},
        {"name": "", "email": "nobody"},  # two mistakes
        {"name": "good 2", "leadScore": "7.5"},
        {"name": "bad", "leadScore": "700"},
        {"name": "bad", "status": "asleep"},
        {"name": "bad", "assignedToId": "nobody"},  # the database knows
        {"id": theirs["id"], "name": "mine now"},
        {"id": kept["id"], "city": "Pune"},
        {"id": kept["id"], "city": "Goa", "status": "lost"},
        {"id": kept["id"]},
        {"name": "   "},
        {},
        {"name": "good 3"},
    ]
    body = table(made) + b"too,many,cells,for,this,table,of,mine,here,and,there\r\n"
    result = office.done(owner, send(owner, body))
    assert (result["rows"], result["created"], result["updated"], result["bad"]) == (12, 3, 2, 8 - 1)
    told = {int(one["row"]): one for one in complaints(office, result)}
    assert {row: one["column"] for row, one in told.items()} == {
        3: "name, email", 5: "leadScore", 6: "status", 7: "assignedToId", 8: "id", 11: "id", 15: "",
    }  # fmt: skip
    assert "there is no contact" in told[8]["error"]
    assert told[7]["error"] == "assignedToId: names nothing that exists"
    assert result["errors"]["rows"] == 7
    assert plain(owner.get(f"/api/v1/contacts/{kept['id']}"))["city"] == "Goa"
    assert sorted(row["name"] for row in owner.rows("/api/v1/contacts")) == ["good 1", "good 2", "good 3", "kept"]

    mended = [{**one, "name": one["name"] or "mended", "email": "", "leadScore": "", "status": "", "assignedToId": "",
               "id": "", None: ""} for one in told.values() if one["row"] in "3567"]  # fmt: skip
    for one in mended:
        del one[None]
    again = office.done(owner, send(owner, table(mended)))
    assert (again["created"], again["bad"], again["ignored"]) == (4, 0, ["row", "column", "error"])


def test_what_can_be_no_id_spoils_its_row_alone(office: Office, owner: Person) -> None:
    rows = [{"id": "", "name": "good"}, {"id": "x\0y", "name": "bad"}, {"id": "y" * 65, "name": "bad"},
            {"id": "z" * 64, "name": "bad"}]  # fmt: skip
    for mode in ("all-or-nothing", "skip-bad"):
        result = office.done(owner, send(owner, table(rows), mode=mode))
        assert (result["bad"], [(one["row"], one["column"]) for one in complaints(office, result)]) == (
            3, [("3", "id"), ("4", "id"), ("5", "id")],
        )  # fmt: skip
    assert [row["name"] for row in owner.rows("/api/v1/contacts")] == ["good"]


def test_all_or_nothing_is_nothing_while_a_row_is_bad(office: Office, owner: Person) -> None:
    sku = {"costPrice": "1", "salePrice": "2"}
    rows = [{"name": f"Tile {at}", "sku": f"T-{at}", **sku} for at in range(1200)]
    path = "/api/v1/crm/products/import"
    rows[700]["sku"], rows[1100]["salePrice"] = "T-3", "-1"
    result = office.done(owner, send(owner, table(rows), path, mode="all-or-nothing"))
    assert (result["rows"], result["created"], result["bad"]) == (1200, 0, 2)
    told = complaints(office, result)
    assert [(one["row"], one["column"]) for one in told] == [("702", "sku"), ("1102", "salePrice")]
    assert told[0]["error"] == "sku: is taken"
    assert owner.rows("/api/v1/crm/products") == []

    rows[700]["sku"], rows[1100]["salePrice"] = "T-700", "1"
    result = office.done(owner, send(owner, table(rows), path, mode="all-or-nothing"))
    assert (result["created"], result["bad"], result["errors"]) == (1200, 0, None)


def test_a_workbook_is_read_as_people_write_it(office: Office, owner: Person, tmp_path: Path) -> None:
    with Workbook(str(tmp_path / "contacts.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Name", "phone", "leadScore", "Tags", "nextFollowUp"])
        sheet.write_row(1, 0, ["Asha", 9876543210, 7.5, "vip; पुणे", "2026-04-01"])
        sheet.write_row(3, 0, ["Ravi", "+91 98765 43210", 101])
    result = office.done(owner, send(owner, (tmp_path / "contacts.xlsx").read_bytes(), kind=XLSX))
    assert (result["created"], result["bad"]) == (1, 1)
    assert [(one["row"], one["column"]) for one in complaints(office, result)] == [("4", "leadScore")]
    (row,) = owner.rows("/api/v1/contacts")
    assert (row["name"], row["phone"], row["leadScore"], row["tags"]) == ("Asha", "9876543210", 7.5, ["vip", "पुणे"])
    assert row["nextFollowUp"].startswith("2026-03-31T18:30:00")


def test_numbers_are_taken_without_a_gap_and_lines_come_as_json(office: Office, owner: Person) -> None:
    line = [{"description": "Tile", "quantity": 2, "unitPrice": 100, "gstRate": 18}]
    rows = [
        {"status": "sent" if at % 4 else "draft", "placeOfSupply": "99" if at == 5 else "27", "items": json.dumps(line)}
        for at in range(12)
    ]
    result = office.done(owner, send(owner, table(rows), "/api/v1/invoices/import"))
    assert (result["created"], result["bad"]) == (11, 1)
    made = owner.rows("/api/v1/invoices")
    numbers = sorted(int(row["invoiceNumber"].rsplit("/", 1)[-1].rsplit("-", 1)[-1]) for row in made
                     if row["invoiceNumber"])  # fmt: skip
    assert numbers == list(range(1, 9))
    assert {(row["total"], row["cgst"]) for row in made} == {(236, 18)}
    order = {"shippingAddress": "1 MG Road", "shippingCity": "Pune", "shippingPostal": "411001",
             "items": json.dumps([{"productName": "Tile", "quantity": 3, "price": 33.33}])}  # fmt: skip
    assert office.done(owner, send(owner, table([order, {**order, "items": "x"}]), "/api/v1/orders/import"))["bad"] == 1
    assert [row["total"] for row in owner.rows("/api/v1/orders")] == [99.99]


@pytest.mark.parametrize(("body", "cause"), [
    (b"name,colour\nx,red\n", "'colour': no field of contacts"),
    (b"name,Name\nx,y\n", "more than one column"),
    (b"name\nx\n\"unclosed\nrest\n", "behind row 2, the file is no CSV"),
    (b"name\nx\n\xff\xfe\n", "not UTF-8"),
])  # fmt: skip
def test_a_table_that_cannot_be_read_changes_nothing(office: Office, owner: Person, body: bytes, cause: str) -> None:
    job = office.ended(owner, send(owner, body))
    assert (job["state"], cause in job["error"]) == ("dead", True), job
    assert owner.rows("/api/v1/contacts") == []


def test_no_workbook_and_an_empty_table(office: Office, owner: Person) -> None:
    assert "no workbook" in office.ended(owner, send(owner, b"PK\x03\x04", kind=XLSX))["error"]
    assert office.done(owner, send(owner, b"name\n"))["rows"] == 0
    assert office.done(owner, send(owner, b"\xef\xbb\xbfname;city\nAsha;Pune\n"))["created"] == 1


def test_what_is_refused_at_the_door_leaves_nothing_behind(office: Office, owner: Person) -> None:
    files = Path(office.place.env["FILES_DIR"])
    before = set(files.rglob("upload.*"))
    assert "text/csv" in problem(send(owner, b"{}", kind={"content-type": "application/json"}), 415)["detail"]
    problem(send(owner, b"name\nx\n", mode="maybe"), 400, "query:mode")
    problem(send(owner, b"name\nx\n", colour="red"), 400, "query:colour")
    problem(send(office.api.tenant(modules=("finance",)).user(), b"name\nx\n"), 403)
    problem(send(office.api.stranger(), b"name\nx\n"), 401)
    assert set(files.rglob("upload.*")) == before


def test_an_import_that_could_not_be_written_leaves_no_upload_to_wait_for(office: Office, owner: Person) -> None:
    files = Path(office.place.env["FILES_DIR"])
    before = set(files.rglob("upload.*"))
    office.api.owner_sql("""
        CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'busy' USING ERRCODE = '55P03'; END $$;
        CREATE TRIGGER busy BEFORE INSERT ON "Outbox" FOR EACH ROW EXECUTE FUNCTION busy()
    """)
    try:
        assert "nothing was done" in problem(send(owner, b"name\nx\n"), 503)["detail"]
    finally:
        office.api.owner_sql("DROP FUNCTION busy CASCADE")
    assert set(files.rglob("upload.*")) == before


def test_an_upload_is_kept_for_a_retry_and_gone_once_it_is_done(office: Office, owner: Person, tmp_path: Path) -> None:
    files = Path(office.place.env["FILES_DIR"])
    with Workbook(str(tmp_path / "contacts.xlsx")) as book:
        book.add_worksheet().write_column(0, 0, ["name", "Asha"])
    before = set(files.rglob("*"))
    for body, kind in ((b"name\nAsha\n", CSV), ((tmp_path / "contacts.xlsx").read_bytes(), XLSX)):
        office.done(owner, send(owner, body, kind=kind))
        until(lambda: not {*files.rglob("*.csv"), *files.rglob("*.xlsx")} - before, "upload and table are gone")
    answer = send(owner, b"colour\nred\n")
    where = answer.headers["location"]
    assert office.ended(owner, answer)["state"] == "dead"
    again = owner.post(f"{where}/retry", None)
    assert "'colour': no field" in office.ended(owner, again)["error"]


def test_it_costs_ten(office: Office) -> None:
    person = office.api.tenant(tier="free").user()
    left = [int(send(person, b"name\nx\n").headers["x-ratelimit-remaining"]) for _ in range(2)]
    assert left[0] - left[1] == 10


def test_a_key_makes_one_import_of_two_uploads(office: Office, owner: Person) -> None:
    key = {**CSV, "idempotency-key": "upload"}
    first, second = (send(owner, b"name\nonce\n", kind=key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    office.done(owner, first)
    assert len(owner.rows("/api/v1/contacts")) == 1
    problem(send(owner, b"name\nother\n", kind=key), 422)
    problem(send(owner, b"name\nonce\n", kind=key, mode="all-or-nothing"), 422)


def test_five_thousand_rows_with_twenty_five_bad_ones(office: Office, owner: Person) -> None:
    rows = [{"name": f"Contact {at}", "email": "bad" if at % 200 == 7 else f"c{at}@example.in"} for at in range(5000)]
    answer = send(owner, table(rows))
    result = office.done(owner, answer, 60)
    assert (result["rows"], result["created"], result["updated"], result["bad"]) == (5000, 4975, 0, 25)
    assert [int(one["row"]) for one in complaints(office, result)] == list(range(9, 5002, 200))
    assert names_of(office, owner) == Counter(row["name"] for row in rows if row["email"] != "bad")


def names_of(office: Office, owner: Person) -> Counter[str]:
    assert owner.tenant
    found = office.place.query('SELECT name FROM "Contact" WHERE "tenantId" = %s', owner.tenant.id)
    return Counter(one["name"] for one in found)
