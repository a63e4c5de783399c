"""Writes: what they store, what follows from it, what they refuse, and that they happen once."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from payaid.resources import catalogue
from payaid.rest.routes import PREFIX
from payaid.rules.gst import Line, Supply, bill
from payaid.rules.numbering import INVOICE
from tests.fixtures.api import Api, Person, plain, problem
from tests.fixtures.database import Database

LINE = {"description": "Tile", "quantity": 3, "unitPrice": "33.33", "discount": "0.50", "gstRate": 18}
INVOICED = {"placeOfSupply": "27", "items": [LINE]}
ORDER = {
    "shippingAddress": "1 MG Road", "shippingCity": "Pune", "shippingPostal": "411001",
    "items": [{"productName": "Tile", "quantity": 3, "price": 33.33},
              {"productName": "Grout", "quantity": 1, "price": 5}],
}  # fmt: skip
CREATED: dict[str, dict[str, Any]] = {
    "crm/contacts": {
        "name": "Priya Sharma", "email": "priya@example.in", "phone": "+91 98765 43210", "type": "customer",
        "stage": "customer", "status": "active", "gstin": "27AAPFU0939F1ZV", "leadScore": 72.5, "tags": ["vip", "पुणे"],
        "notes": "Line one\nLine two — “quoted” ₹", "nextFollowUp": "2026-04-01T09:30:00+05:30",
    },
    "crm/deals": {"name": "Roof", "value": "118000.50", "stage": "proposal", "expectedCloseDate": "2026-06-30"},
    "crm/tasks": {"title": "Call Priya", "priority": "high", "dueDate": "2026-04-01", "description": "x" * 10_000},
    "crm/products": {"name": "Tile", "sku": "T-1", "costPrice": 10.1, "salePrice": 12, "hsnCode": "6907", "gstRate": 0},
    "crm/orders": ORDER,
    "finance/invoices": INVOICED,
}  # fmt: skip
CHANGED: dict[str, dict[str, Any]] = {
    "crm/contacts": {"name": "Priya S.", "email": None, "tags": []},
    "crm/deals": {"stage": "won"},
    "crm/tasks": {"status": "completed", "completedAt": "2026-04-02T10:00:00Z"},
    "crm/products": {"salePrice": 15.5, "quantity": 7},
    "crm/orders": {"status": "shipped", "shipping": 20},
    "finance/invoices": {"notes": "Thank you", "customerName": "Priya"},
}


@pytest.fixture(scope="module")
def owner(api: Api) -> Person:
    return api.owner()


def shown(answer: Any) -> dict[str, str]:
    """The header that asks for at least this write."""
    return {"x-payaid-stamp": answer.headers["x-payaid-stamp"]}


@pytest.mark.parametrize("path", [one.path for one in catalogue().resources])
def test_a_row_is_made_read_changed_and_deleted(api: Api, path: str) -> None:
    person = api.owner()
    made = person.post(f"{PREFIX}{path}", CREATED[path])
    assert made.status_code == 201, made.text
    row = made.json()
    for name, value in CREATED[path].items():
        if isinstance(value, str | int | float) and name not in {"nextFollowUp", "expectedCloseDate", "dueDate"}:
            assert row[name] == (float(value) if isinstance(row[name], float) else value), name
    where = made.headers["location"]
    assert where == f"{PREFIX}{path}/{row['id']}"
    assert made.headers["etag"] == person.get(where, shown(made)).headers["etag"]
    assert plain(person.get(where, shown(made))) == row
    assert [one["id"] for one in plain(person.get(f"{PREFIX}{path}", shown(made)))["data"]] == [row["id"]]

    changed = person.patch(where, CHANGED[path])
    after = plain(changed)
    assert {name: after[name] for name in CHANGED[path] if name != "completedAt"} == {
        name: value for name, value in CHANGED[path].items() if name != "completedAt"
    }
    assert after["updatedAt"] > row["updatedAt"]
    assert changed.headers["etag"] != made.headers["etag"]
    untouched = row.keys() - CHANGED[path].keys() - {"updatedAt", "probability", "actualCloseDate", "total"}
    assert {name: after[name] for name in untouched} == {name: row[name] for name in untouched}
    assert plain(person.get(where, shown(changed))) == after

    gone = person.delete(where)
    assert (gone.status_code, gone.content) == (204, b"")
    problem(person.get(where, shown(gone)), 404)
    problem(person.delete(where), 404)
    problem(person.patch(where, CHANGED[path]), 404)


def test_defaults_are_the_databases(owner: Person) -> None:
    row = owner.made("/api/v1/contacts", {"name": "A"})
    assert (row["type"], row["stage"], row["status"], row["leadScore"], row["tags"]) == (
        "lead",
        "prospect",
        "active",
        0,
        [],
    )
    assert row["createdAt"] == row["updatedAt"]


def test_an_empty_change_is_refused(owner: Person) -> None:
    row = owner.made("/api/v1/tasks", {"title": "x"})
    problem(owner.patch(f"/api/v1/tasks/{row['id']}", {}), 422)


# -- what follows from the input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "given", "probability"),
    [("lead", None, 10), ("qualified", None, 25), ("proposal", None, 50), ("negotiation", None, 75), ("won", None, 100),
     ("lost", None, 0), ("proposal", 66.5, 66.5), (None, None, 10)],
)  # fmt: skip
def test_a_deals_stage_has_its_usual_probability(
    owner: Person, stage: str | None, given: float | None, probability: float
) -> None:
    body = {"name": "x", "value": 1} | ({"stage": stage} if stage else {}) | ({"probability": given} if given else {})
    row = owner.made("/api/v1/deals", body)
    assert row["probability"] == probability
    assert bool(row["actualCloseDate"]) == (stage in {"won", "lost"})


def test_a_deal_that_moves_on_takes_the_stages_probability(owner: Person) -> None:
    row = owner.made("/api/v1/deals", {"name": "x", "value": 1, "probability": 33})
    where = f"/api/v1/deals/{row['id']}"
    assert plain(owner.patch(where, {"value": 2}))["probability"] == 33
    assert plain(owner.patch(where, {"stage": "negotiation"}))["probability"] == 75
    won = plain(owner.patch(where, {"stage": "won", "actualCloseDate": "2026-04-01T00:00:00Z"}))
    assert (won["probability"], won["actualCloseDate"][:10]) == (100, "2026-04-01")


def test_an_orders_amounts_follow_from_its_items(owner: Person) -> None:
    row = owner.made("/api/v1/orders", ORDER | {"tax": 18.5, "shipping": 40, "discountAmount": "4.99"})
    assert [item["total"] for item in row["items"]] in ([99.99, 5], [5, 99.99])
    assert (row["subtotal"], row["total"]) == (104.99, 158.5)
    where = f"/api/v1/orders/{row['id']}"
    assert plain(owner.patch(where, {"discountAmount": 0}))["total"] == 163.49
    assert plain(owner.patch(where, {"shipping": 0}))["total"] == 123.49
    problem(owner.patch(where, {"discountAmount": 105}), 422, "/discountAmount")
    for name in ("total", "subtotal", "orderNumber", "items"):
        problem(owner.patch(where, {name: 1}), 422, f"/{name}")


@pytest.mark.parametrize(("place", "reverse"), [("27", False), ("29", False), ("27", True), ("96", True)])
def test_an_invoices_taxes_are_the_rules(owner: Person, place: str, reverse: bool) -> None:
    """The rules are tested by themselves (tests/rules): here, that the service bills by them and keeps every amount."""
    lines = [LINE, {"description": "Advice", "quantity": "1.5", "unitPrice": 999.99, "gstRate": 5},
             {"description": "Milk", "quantity": 2, "unitPrice": 30, "treatment": "exempt"}]  # fmt: skip
    row = owner.made("/api/v1/invoices", {"placeOfSupply": place, "reverseCharge": reverse, "items": lines})
    expected = bill(
        [Line(Decimal(3), Decimal("33.33"), Decimal(18), Decimal("0.50"), description="Tile"),
         Line(Decimal("1.5"), Decimal("999.99"), Decimal(5), description="Advice")],
        Supply("Maharashtra", place, date.today(), reverse_charge=reverse),
    )  # fmt: skip
    milk = Decimal(60)
    assert row["isInterState"] is (place != "27")
    for name in ("cgst", "sgst", "igst", "tax"):
        assert Decimal(str(row[name])) == getattr(expected, name), name
    assert Decimal(str(row["subtotal"])) == expected.subtotal + milk
    assert Decimal(str(row["total"])) - Decimal(str(row["roundOff"])) == expected.payable + milk
    assert row["total"] == int(row["total"])
    assert [item["treatment"] for item in row["items"]] == ["taxable", "taxable", "exempt"]


def test_a_tenant_without_a_state_cannot_bill(api: Api) -> None:
    stateless = api.tenant(state=None).user()
    assert "state" in problem(stateless.post("/api/v1/invoices", INVOICED), 422)["detail"].lower()


# -- invoices: numbers, and what is issued --------------------------------------------------------------------


def number(count: int, day: datetime | None = None) -> str:
    return INVOICE.number(count, day or datetime.now(UTC))


def test_a_draft_has_no_number_and_gets_one_when_it_is_sent(api: Api) -> None:
    person = api.owner()
    draft = person.made("/api/v1/invoices", INVOICED)
    assert (draft["status"], draft["invoiceNumber"]) == ("draft", None)
    where = f"/api/v1/invoices/{draft['id']}"
    assert plain(person.patch(where, {"notes": "still a draft"}))["invoiceNumber"] is None
    assert person.made("/api/v1/invoices", INVOICED | {"status": "sent"})["invoiceNumber"] == number(1)
    assert plain(person.patch(where, {"status": "sent"}))["invoiceNumber"] == number(2)
    paid = plain(person.patch(where, {"status": "paid"}))
    assert paid["invoiceNumber"] == number(2)
    assert paid["paidAt"]
    assert person.made("/api/v1/invoices", INVOICED | {"status": "cancelled"})["invoiceNumber"] is None


def test_a_draft_is_numbered_in_the_year_of_its_own_date(api: Api) -> None:
    person = api.owner()
    last_year = datetime.now(UTC) - timedelta(days=400)
    draft = person.made("/api/v1/invoices", INVOICED | {"invoiceDate": last_year.isoformat()})
    sent = plain(person.patch(f"/api/v1/invoices/{draft['id']}", {"status": "sent"}))
    assert sent["invoiceNumber"] == number(1, last_year)
    assert person.made("/api/v1/invoices", INVOICED | {"status": "sent"})["invoiceNumber"] == number(1)


def test_numbers_are_gapless_and_unique_under_load_whatever_fails_beside_them(api: Api) -> None:
    person = api.owner()
    good = INVOICED | {"status": "sent"}
    # The number is taken before the insert finds that there is no such customer, so this transaction rolls back.
    bad = good | {"customerId": "nobody"}
    calls = [lambda body=body: person.post("/api/v1/invoices", body) for body in [good, good, bad] * 10]
    answers = api.side_by_side(calls, width=12)
    assert Counter(one.status_code for one in answers) == {201: 20, 422: 10}
    numbers = sorted(one.json()["invoiceNumber"] for one in answers if one.status_code == 201)
    assert numbers == [number(count) for count in range(1, 21)]


def test_what_is_refused_for_want_of_a_connection_was_not_done(module_database: Database, tmp_path: Path) -> None:
    """One connection a worker, and more writers than it can serve in time: 503 must mean that nothing happened."""
    with Api.serving(module_database, tmp_path, DATABASE_POOL_MIN="1", DATABASE_POOL_MAX="1",
                     DATABASE_POOL_WAIT_MS="60") as narrow:  # fmt: skip
        person = narrow.owner()
        answers = narrow.side_by_side([lambda: person.post("/api/v1/orders", ORDER)] * 60, width=30)
        counted = Counter(one.status_code for one in answers)
        assert set(counted) == {201, 503}, counted
        assert all(one.headers["retry-after"] for one in answers if one.status_code == 503)
        rows = narrow.owner_sql(
            'SELECT count(*) FROM "Order" WHERE "tenantId" = %s', person.tenant and person.tenant.id
        )
        assert rows == [(counted[201],)]


def test_two_tenants_count_by_themselves(api: Api) -> None:
    for person in (api.owner(), api.owner()):
        assert person.made("/api/v1/invoices", INVOICED | {"status": "sent"})["invoiceNumber"] == number(1)
        assert person.made("/api/v1/orders", ORDER)["orderNumber"].startswith("ORD/")


def test_a_date_of_another_century_takes_nobodys_number(api: Api) -> None:
    """INV/26-27/00001 would be that of 2126 as well, and this year's first invoice a conflict for ever."""
    person = api.owner()
    far = INVOICED | {"status": "sent", "invoiceDate": "2126-04-10"}
    problem(person.post("/api/v1/invoices", far), 422, "/invoiceDate")
    draft = person.made("/api/v1/invoices", far | {"status": "draft"})
    problem(person.patch(f"/api/v1/invoices/{draft['id']}", {"status": "sent"}), 422, "/invoiceDate")
    assert person.made("/api/v1/invoices", INVOICED | {"status": "sent"})["invoiceNumber"] == number(1)


@pytest.mark.parametrize("status", ["sent", "paid", "overdue"])
def test_an_issued_invoice_keeps_its_amounts_its_number_and_its_place(api: Api, status: str) -> None:
    person = api.owner()
    row = person.made("/api/v1/invoices", INVOICED | {"status": status})
    where = f"/api/v1/invoices/{row['id']}"
    for change in ({"items": [LINE | {"quantity": 1}]}, {"placeOfSupply": "29"}, {"reverseCharge": True},
                   {"invoiceDate": "2026-04-01"}):  # fmt: skip
        problem(person.patch(where, change), 422, f"/{next(iter(change))}")
    problem(person.patch(where, {"status": "draft"}), 422, "/status")
    assert "number" in problem(person.delete(where), 409)["detail"]
    assert plain(person.get(where, headers=None)) == row
    assert plain(person.patch(where, {"status": "cancelled"}))["invoiceNumber"] == row["invoiceNumber"]
    problem(person.patch(where, {"items": [LINE]}), 422, "/items")


def test_a_draft_may_change_everything_and_go(api: Api) -> None:
    person = api.owner()
    row = person.made("/api/v1/invoices", INVOICED)
    where = f"/api/v1/invoices/{row['id']}"
    after = plain(person.patch(where, {"placeOfSupply": "29"}))
    assert (after["isInterState"], after["igst"], after["cgst"]) == (True, after["tax"], 0)
    assert person.delete(where).status_code == 204


# -- once, and only if ----------------------------------------------------------------------------------------


def test_a_repeated_post_is_done_once(owner: Person) -> None:
    key = {"idempotency-key": "one"}
    first = owner.post("/api/v1/contacts", {"name": "Once"}, key)
    again = owner.post("/api/v1/contacts", {"name": "Once"}, key)
    assert (again.status_code, again.json(), again.headers["location"]) == (
        201,
        first.json(),
        first.headers["location"],
    )
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    problem(owner.post("/api/v1/contacts", {"name": "Twice"}, key), 422)
    problem(owner.post("/api/v1/tasks", {"title": "Once"}, key), 422)
    assert owner.rows("/api/v1/contacts?q=twice") == []


def test_a_post_that_failed_leaves_its_key_free(owner: Person) -> None:
    key = {"idempotency-key": "second attempt"}
    problem(owner.post("/api/v1/deals", {"name": "x", "value": 1, "contactId": "nobody"}, key), 422)
    assert owner.post("/api/v1/deals", {"name": "x", "value": 1}, key).status_code == 201


def test_the_same_key_at_once_is_done_once(api: Api) -> None:
    person = api.owner()
    calls = [lambda: person.post("/api/v1/orders", ORDER, {"idempotency-key": "press"})] * 16
    answers = api.side_by_side(calls, width=16)
    assert {one.status_code for one in answers} <= {201, 409}
    assert len({one.json()["id"] for one in answers if one.status_code == 201}) == 1
    assert all(one.headers["retry-after"] for one in answers if one.status_code == 409)
    made = person.post("/api/v1/orders", ORDER, {"idempotency-key": "press"})
    assert made.headers["idempotency-replayed"] == "true"
    assert api.owner_sql('SELECT count(*) FROM "Order" WHERE "tenantId" = %s', person.tenant and person.tenant.id) == [
        (1,)
    ]


def test_a_change_may_ask_for_the_version_it_saw(owner: Person) -> None:
    made = owner.post("/api/v1/tasks", {"title": "x"})
    where, seen = made.headers["location"], made.headers["etag"]
    problem(owner.patch(where, {"title": "y"}, {"if-match": '"another"'}), 412)
    changed = owner.patch(where, {"title": "y"}, {"if-match": f'"another", {seen}'})
    assert plain(changed)["title"] == "y"
    problem(owner.patch(where, {"title": "z"}, {"if-match": seen}), 412)
    problem(owner.delete(where, {"if-match": seen}), 412)
    compressed = changed.headers["etag"].replace('"', "", 1).removesuffix('"')
    assert owner.delete(where, {"if-match": f'"{compressed}-br"'}).status_code == 204


def test_of_two_changes_to_one_version_one_wins(api: Api) -> None:
    person = api.owner()
    made = person.post("/api/v1/tasks", {"title": "x"})
    condition = {"if-match": made.headers["etag"]}
    calls = [lambda n=n: person.patch(made.headers["location"], {"title": str(n)}, condition) for n in range(12)]
    assert Counter(one.status_code for one in api.side_by_side(calls, 12)) == {200: 1, 412: 11}


def test_what_must_be_unique_is_refused_by_name(owner: Person) -> None:
    product = {"name": "Tile", "sku": "T-9", "costPrice": 1, "salePrice": 2}
    owner.made("/api/v1/crm/products", product)
    problem(owner.post("/api/v1/crm/products", product), 409, "/sku")
    other = owner.made("/api/v1/crm/products", product | {"sku": "T-10"})
    problem(owner.patch(f"/api/v1/crm/products/{other['id']}", {"sku": "T-9"}), 409, "/sku")


# -- what hangs together --------------------------------------------------------------------------------------


def test_below_a_row_the_path_names_the_reference(owner: Person) -> None:
    contact = owner.made("/api/v1/contacts", {"name": "Parent"})
    deal = owner.made(f"/api/v1/contacts/{contact['id']}/deals", {"name": "x", "value": 1})
    assert deal["contactId"] == contact["id"]
    problem(
        owner.post(f"/api/v1/contacts/{contact['id']}/deals", {"name": "x", "value": 1, "contactId": "y"}),
        422,
        "/contactId",
    )
    problem(owner.post("/api/v1/contacts/nobody/deals", {"name": "x", "value": 1}), 404)


def test_what_goes_takes_along_or_lets_go_what_names_it(owner: Person) -> None:
    contact = owner.made("/api/v1/contacts", {"name": "Leaving"})
    below = f"/api/v1/contacts/{contact['id']}"
    deal, order = owner.made(f"{below}/deals", {"name": "x", "value": 1}), owner.made(f"{below}/orders", ORDER)
    invoice, task = owner.made(f"{below}/invoices", INVOICED), owner.made(f"{below}/tasks", {"title": "x"})
    stamp = shown(owner.delete(below))
    for path, row, field in (
        ("deals", deal, "contactId"),
        ("orders", order, "customerId"),
        ("invoices", invoice, "customerId"),
    ):
        assert plain(owner.get(f"/api/v1/{path}/{row['id']}", stamp))[field] is None
    problem(owner.get(f"/api/v1/tasks/{task['id']}", stamp), 404)
    assert owner.get(f"{below}/deals", stamp).status_code == 404


def test_an_order_goes_with_its_lines(api: Api, owner: Person) -> None:
    row = owner.made("/api/v1/orders", ORDER)
    assert owner.delete(f"/api/v1/orders/{row['id']}").status_code == 204
    assert api.owner_sql('SELECT count(*) FROM "OrderItem" WHERE "orderId" = %s', row["id"]) == [(0,)]


def test_rows_of_a_load_run_carry_its_tag(api: Api, owner: Person) -> None:
    row = owner.made("/api/v1/contacts", {"name": "Load"}, {"x-load-run": "run-7"})
    assert "loadRun" not in row
    assert api.owner_sql('SELECT "loadRun" FROM "Contact" WHERE id = %s', row["id"]) == [("run-7",)]
