"""The walls between tenants: what another tenant has looks exactly like what nobody has."""

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from payaid.resources import catalogue
from payaid.rest.routes import PREFIX
from tests.fixtures.api import Api, Person, plain, problem

CHANGE: dict[str, dict[str, Any]] = {
    "crm/contacts": {"name": "x"}, "crm/deals": {"name": "x"}, "crm/tasks": {"title": "x"},
    "crm/products": {"name": "x"}, "crm/orders": {"trackingUrl": "x"}, "finance/invoices": {"notes": "x"},
}  # fmt: skip
NOT_OURS = pytest.mark.parametrize("path", [one.path for one in catalogue().resources])


@dataclass(frozen=True)
class Sides:
    """Two tenants, and one row of every resource that belongs to `theirs`."""

    ours: Person
    theirs: Person
    rows: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def sides(api: Api) -> Sides:
    """Made once: the tests here change nothing of `theirs`, which is what they prove."""
    theirs = api.owner()
    contact = theirs.made("/api/v1/contacts", {"name": "Priya Sharma", "email": "priya@example.in"})
    rows = {
        "crm/contacts": contact,
        "crm/deals": theirs.made("/api/v1/deals", {"name": "Roof", "value": 5, "contactId": contact["id"]}),
        "crm/tasks": theirs.made("/api/v1/tasks", {"title": "Call", "contactId": contact["id"]}),
        "crm/products": theirs.made(
            "/api/v1/crm/products", {"name": "Tile", "sku": "T-1", "costPrice": 1, "salePrice": 2}
        ),
        "crm/orders": theirs.made(
            "/api/v1/orders",
            {"shippingAddress": "1 MG Road", "shippingCity": "Pune", "shippingPostal": "411001",
             "customerId": contact["id"], "items": [{"productName": "Tile", "quantity": 1, "price": 2}]},
        ),
        "finance/invoices": theirs.made(
            "/api/v1/invoices",
            {"placeOfSupply": "27", "customerId": contact["id"],
             "items": [{"description": "Tile", "quantity": 1, "unitPrice": 100, "gstRate": 18}]},
        ),
    }  # fmt: skip
    return Sides(api.owner(), theirs, rows)


def test_every_resource_has_a_row_here(sides: Sides) -> None:
    assert set(sides.rows) == {one.path for one in catalogue().resources}


@NOT_OURS
def test_a_row_of_another_tenant_is_no_row(sides: Sides, path: str) -> None:
    row = sides.rows[path]
    where = f"{PREFIX}{path}/{row['id']}"
    assert plain(sides.theirs.get(where))["id"] == row["id"]
    theirs, nobodys = sides.ours.get(where), sides.ours.get(f"{PREFIX}{path}/nothing")
    assert problem(theirs, 404).keys() == problem(nobodys, 404).keys()
    assert theirs.json()["detail"].replace(row["id"], "nothing") == nobodys.json()["detail"]
    problem(sides.ours.patch(where, CHANGE[path]), 404)
    problem(sides.ours.delete(where), 404)
    assert plain(sides.theirs.get(where)) == row


@NOT_OURS
def test_no_list_and_no_filter_shows_another_tenants_rows(sides: Sides, path: str) -> None:
    resource = next(one for one in catalogue().resources if one.path == path)
    row = sides.rows[path]
    assert sides.ours.rows(f"{PREFIX}{path}") == []
    for name, one in resource.columns.items():
        if one.filter and row.get(name) is not None:
            value = str(row[name])
            assert row["id"] in {found["id"] for found in sides.theirs.rows(f"{PREFIX}{path}", **{name: value})}, name
            assert sides.ours.rows(f"{PREFIX}{path}", **{name: value}) == []
    if resource.search:
        assert sides.theirs.rows(f"{PREFIX}{path}", q=row["name"])
        assert sides.ours.rows(f"{PREFIX}{path}", q=row["name"]) == []


@pytest.mark.parametrize("relation", ["deals", "tasks", "invoices", "orders"])
def test_below_another_tenants_row_there_is_nothing(sides: Sides, relation: str) -> None:
    contact = sides.rows["crm/contacts"]["id"]
    assert len(sides.theirs.rows(f"/api/v1/contacts/{contact}/{relation}")) == 1
    problem(sides.ours.get(f"/api/v1/contacts/{contact}/{relation}"), 404)


def test_nothing_is_made_below_another_tenants_row(sides: Sides) -> None:
    contact = sides.rows["crm/contacts"]["id"]
    problem(sides.ours.post(f"/api/v1/contacts/{contact}/deals", {"name": "Theft", "value": 1}), 404)
    assert sides.ours.rows("/api/v1/deals") == []


@pytest.mark.parametrize(
    ("path", "body", "field", "target"),
    [
        ("deals", {"name": "x", "value": 1}, "contactId", "crm/contacts"),
        ("tasks", {"title": "x"}, "contactId", "crm/contacts"),
        ("invoices", {"placeOfSupply": "27", "items": [{"description": "x", "quantity": 1, "unitPrice": 1,
                                                        "gstRate": 5}]}, "customerId", "crm/contacts"),
    ],
)  # fmt: skip
def test_a_reference_to_another_tenants_row_is_refused_by_name(
    sides: Sides, path: str, body: dict[str, Any], field: str, target: str
) -> None:
    theirs = problem(sides.ours.post(f"/api/v1/{path}", body | {field: sides.rows[target]["id"]}), 422, f"/{field}")
    nobodys = problem(sides.ours.post(f"/api/v1/{path}", body | {field: "nothing"}), 422, f"/{field}")
    assert theirs["detail"] == nobodys["detail"]
    row = sides.ours.made(f"/api/v1/{path}", body)
    problem(sides.ours.patch(f"/api/v1/{path}/{row['id']}", {field: sides.rows[target]["id"]}), 422, f"/{field}")
    assert sides.ours.delete(f"/api/v1/{path}/{row['id']}").status_code == 204


def test_a_colleague_of_another_tenant_cannot_be_assigned(sides: Sides) -> None:
    for path, body in (("contacts", {"name": "x"}), ("tasks", {"title": "x"})):
        problem(sides.ours.post(f"/api/v1/{path}", body | {"assignedToId": sides.theirs.id}), 422, "/assignedToId")


def test_the_dashboard_counts_ones_own_rows_only(sides: Sides) -> None:
    ours, theirs = (plain(side.get("/api/v1/dashboard/stats")) for side in (sides.ours, sides.theirs))
    assert [theirs[block]["total"] for block in ("contacts", "deals", "tasks", "orders", "invoices")] == [1] * 5
    assert [ours[block]["total"] for block in ("contacts", "deals", "tasks", "orders", "invoices")] == [0] * 5


def test_one_idempotency_key_is_another_one_in_another_tenant(sides: Sides) -> None:
    first, second = (side.post("/api/v1/tasks", {"title": "same"}, {"idempotency-key": "k-1"})
                     for side in (sides.ours, sides.theirs))  # fmt: skip
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    for side, answer in ((sides.ours, first), (sides.theirs, second)):
        side.delete(f"/api/v1/tasks/{answer.json()['id']}")


def test_the_service_role_sees_no_row_without_a_tenant(sides: Sides, api: Api) -> None:
    tables = [one.table for one in catalogue().resources] + ["OrderItem", "Tenant", "Session", "IdempotencyKey"]
    for url in (api.database.service_url, api.database.read_direct_url):
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            for table in tables:
                counted = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
                assert counted == (0,), table
