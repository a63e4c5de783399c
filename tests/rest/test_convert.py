"""A verb that makes a row: a deal becomes an invoice, once, with the GST of where its customer is."""

from collections import Counter
from typing import Any

import pytest

from tests.fixtures.api import Api, Person, plain, problem

DELHI = "07AAPFU0939F1ZX"


@pytest.fixture(scope="module")
def owner(api: Api) -> Person:
    return api.owner()


def deal(owner: Person, contact: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    who = (
        owner.made("/api/v1/contacts", {"name": "Priya", "email": "p@example.in"} | contact)["id"] if contact else None
    )
    return owner.made("/api/v1/deals", {"name": "Roof", "value": "1000.50", "contactId": who} | given)


def test_a_deal_becomes_an_invoice_and_is_won(owner: Person) -> None:
    made = deal(owner, {"state": "Maharashtra"})
    answer = owner.post(f"/api/v1/crm/deals/{made['id']}/convert", {"gstRate": 18, "hsnCode": "6907"})
    assert answer.status_code == 201, answer.text
    row = answer.json()
    assert answer.headers["location"] == f"/api/v1/finance/invoices/{row['id']}"
    assert (row["dealId"], row["customerId"], row["customerName"]) == (made["id"], made["contactId"], "Priya")
    assert (row["status"], row["placeOfSupply"], row["isInterState"]) == ("draft", "27", False)
    assert (row["cgst"], row["sgst"], row["igst"], row["total"]) == (90.05, 90.05, 0, 1181)
    assert [one["hsnCode"] for one in row["items"]] == ["6907"]
    shown = {"x-payaid-stamp": answer.headers["x-payaid-stamp"]}
    after = plain(owner.get(f"/api/v1/deals/{made['id']}", shown))
    assert (after["stage"], after["probability"], after["actualCloseDate"] is None) == ("won", 100, False)
    assert plain(owner.get(answer.headers["location"], shown)) == row


def test_a_customer_registered_elsewhere_pays_igst(owner: Person) -> None:
    made = deal(owner, {"state": "Maharashtra", "gstin": DELHI})
    row = owner.made(f"/api/v1/deals/{made['id']}/convert", {"gstRate": 18, "description": "Slate"})
    assert (row["placeOfSupply"], row["isInterState"], row["cgst"], row["igst"]) == ("07", True, 0, 180.09)
    assert (row["customerGSTIN"], row["items"][0]["description"]) == (DELHI, "Slate")


def test_a_deal_is_converted_once_unless_its_invoice_is_cancelled(api: Api, owner: Person) -> None:
    made = deal(owner, {"state": "Maharashtra"})
    path = f"/api/v1/deals/{made['id']}/convert"
    answers = api.side_by_side([lambda: owner.post(path, {"gstRate": 5})] * 6)
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 5}
    refused = next(one for one in answers if one.status_code == 409)
    assert "dealId" in problem(refused, 409)["detail"]
    invoice = next(one.json() for one in answers if one.status_code == 201)
    plain(owner.patch(f"/api/v1/invoices/{invoice['id']}", {"status": "cancelled"}))
    assert owner.made(path, {"gstRate": 5})["id"] != invoice["id"]


def test_a_repeat_with_the_same_key_is_the_same_invoice(owner: Person) -> None:
    made = deal(owner, {"state": "Maharashtra"})
    path, key = f"/api/v1/deals/{made['id']}/convert", {"idempotency-key": "one"}
    first, second = (owner.post(path, {"gstRate": 5}, key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    problem(owner.post(path, {"gstRate": 12}, key), 422)


def test_what_is_missing_is_named_and_nothing_happens(owner: Person) -> None:
    nowhere = deal(owner)
    path = f"/api/v1/deals/{nowhere['id']}/convert"
    problem(owner.post(path, {"gstRate": 18}), 422, "/placeOfSupply")
    problem(owner.post(path, {}), 422, "/gstRate")
    problem(owner.post(path, {"gstRate": 18, "rate": 3}), 422, "/rate")
    problem(owner.post(path, b"{"), 400)
    assert plain(owner.get(f"/api/v1/deals/{nowhere['id']}"))["stage"] == "lead"
    assert owner.made(path, {"gstRate": 18, "placeOfSupply": "27"})["customerId"] is None

    lost = deal(owner, {"state": "Goa"}, stage="lost")
    problem(owner.post(f"/api/v1/deals/{lost['id']}/convert", {"gstRate": 18}), 422, "/stage")


def test_who_may(api: Api, owner: Person) -> None:
    made = deal(owner, {"state": "Maharashtra"})
    path = f"/api/v1/deals/{made['id']}/convert"
    problem(api.owner().post(path, {"gstRate": 18}), 404)
    problem(owner.post("/api/v1/deals/none/convert", {"gstRate": 18}), 404)
    assert problem(owner.get(path), 405)["status"] == 405
    assert owner.get(path).headers["allow"] == "POST"
    crm = api.owner(modules=("crm",))
    theirs = deal(crm, {"state": "Maharashtra"})
    problem(crm.post(f"/api/v1/deals/{theirs['id']}/convert", {"gstRate": 18}), 403)
    problem(api.stranger().post(path, {"gstRate": 18}), 401)
