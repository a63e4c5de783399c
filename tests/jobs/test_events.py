"""A write becomes a delivery for each webhook that wants it, in the write's own transaction."""

import json
from typing import Any

import psycopg
import pytest

from payaid.rest.openapi import document
from tests.fixtures.api import Api
from tests.fixtures.jobs import Workplace, until
from tests.fixtures.outside import Receiver

ALL = [
    "contact.created", "contact.updated", "deal.created", "deal.updated", "deal.stage_changed", "invoice.created",
    "invoice.paid", "invoice.overdue",
]  # fmt: skip


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    workplace.query('DELETE FROM "Webhook"')
    return workplace


def a_hook(place: Workplace, events: list[str], tenant: str = "north", active: bool = True) -> str:
    made = place.query(
        'INSERT INTO "Webhook" (url, secret, events, "isActive", "tenantId") VALUES (%s, %s, %s, %s, %s) RETURNING id',
        "https://hooks.example.in/", "a-secret-of-a-webhook-in-a-test", events, active, tenant,
    )  # fmt: skip
    return str(made[0]["id"])


def told(place: Workplace) -> list[tuple[str, dict[str, Any]]]:
    """Every delivery that is to be made, oldest first: (event, payload)."""
    rows = place.query("""SELECT payload FROM "Outbox" WHERE task = 'webhook' ORDER BY seq""")
    return [(row["payload"]["event"], row["payload"]) for row in rows]


def a_deal(place: Workplace, **columns: Any) -> str:
    given = {"name": "A deal", "value": "118000.50", "tenantId": "north", **columns}
    names = ", ".join(f'"{name}"' for name in given)
    places = ", ".join(["%s"] * len(given))
    return str(place.query(f'INSERT INTO "Deal" ({names}) VALUES ({places}) RETURNING id', *given.values())[0]["id"])


def test_a_deals_life_is_told_as_the_api_shows_it(place: Workplace) -> None:
    hook = a_hook(place, ALL)
    deal = a_deal(place)
    place.query('UPDATE "Deal" SET name = %s WHERE id = %s', "Another name", deal)
    place.query("UPDATE \"Deal\" SET stage = 'won' WHERE id = %s", deal)
    deliveries = told(place)
    assert [event for event, _ in deliveries] == [
        "deal.created", "deal.updated", "deal.updated", "deal.stage_changed",
    ]  # fmt: skip
    created, last = deliveries[0][1], deliveries[-1][1]
    assert (created["webhookId"], created["data"]["id"], "previous" in created) == (hook, deal, False)
    assert (last["data"]["stage"], last["previous"], last["data"]["name"]) == ("won", {"stage": "lead"}, "Another name")
    assert not {"tenantId", "loadRun"} & set(last["data"])
    exact = place.query("""SELECT payload #>> '{data,value}' AS value FROM "Outbox" WHERE task = 'webhook' LIMIT 1""")
    assert exact[0]["value"] == "118000.50"
    order = place.query("""SELECT DISTINCT "orderedBy" FROM "Outbox" WHERE task = 'webhook'""")
    assert order == [{"orderedBy": f"{hook}/{deal}"}]


def test_an_invoice_is_told_of_when_it_is_made_paid_and_overdue(place: Workplace) -> None:
    a_hook(place, ALL)
    made = place.query("""INSERT INTO "Invoice" (status, "invoiceNumber", total, "tenantId")
                          VALUES ('sent', 'INV/26-27/00001', 1180, 'north') RETURNING id""")[0]["id"]
    place.query("UPDATE \"Invoice\" SET status = 'overdue' WHERE id = %s", made)
    place.query("""UPDATE "Invoice" SET status = 'paid', "paidAt" = now() WHERE id = %s""", made)
    place.query("""UPDATE "Invoice" SET notes = 'thanks' WHERE id = %s""", made)
    assert [event for event, _ in told(place)] == ["invoice.created", "invoice.overdue", "invoice.paid"]


def test_data_is_the_columns_that_the_api_shows(place: Workplace) -> None:
    a_hook(place, ALL)
    a_deal(place)
    place.query("""INSERT INTO "Contact" (name, "tenantId") VALUES ('Asha', 'north')""")
    place.query("""INSERT INTO "Invoice" ("invoiceNumber", total, "tenantId") VALUES ('INV/26-27/00002', 1, 'north')""")
    schemas = json.loads(document())["components"]["schemas"]
    for event, payload in told(place):
        shown = schemas[event.partition(".")[0].capitalize()]["properties"]
        assert set(payload["data"]) == set(shown) - {"items"}, event


def test_what_changes_nothing_or_belongs_to_a_load_run_is_no_news(place: Workplace) -> None:
    a_hook(place, ALL)
    tagged = a_deal(place, loadRun="run-1")
    place.query("UPDATE \"Deal\" SET stage = 'won' WHERE id = %s", tagged)
    plain = a_deal(place)
    place.query('UPDATE "Deal" SET name = name WHERE id = %s', plain)
    assert [(event, payload["data"]["id"]) for event, payload in told(place)] == [("deal.created", plain)]


def test_only_a_tenants_own_active_webhooks_that_want_it_are_told(place: Workplace) -> None:
    a_hook(place, ["contact.created"])
    a_hook(place, ALL, active=False)
    a_hook(place, ALL, tenant="south")
    wanted = a_hook(place, ["deal.created"])
    a_deal(place)
    assert [payload["webhookId"] for _, payload in told(place)] == [wanted]


def test_a_write_that_rolls_back_tells_nobody(place: Workplace) -> None:
    a_hook(place, ALL)
    with psycopg.connect(place.database.service_url, prepare_threshold=None) as connection:
        connection.execute("SELECT set_config('payaid.tenant_id', 'north', true)")
        connection.execute("""INSERT INTO "Contact" (name, "tenantId") VALUES ('Asha', 'north')""")
        connection.rollback()
    assert told(place) == []


def test_the_services_role_tells_in_the_tenants_walls(place: Workplace) -> None:
    a_hook(place, ALL)
    with psycopg.connect(place.database.service_url, prepare_threshold=None) as connection:
        connection.execute("SELECT set_config('payaid.tenant_id', 'north', true)")
        connection.execute(
            """INSERT INTO "Contact" (name, "tenantId") SELECT 'Asha', 'north' FROM generate_series(1, 3)"""
        )
    assert [event for event, _ in told(place)] == ["contact.created"] * 3
    rows = place.query('SELECT DISTINCT "tenantId" FROM "Outbox"')
    assert json.dumps(rows) == '[{"tenantId": "north"}]'


def test_a_request_reaches_the_tenants_own_system(api: Api, workplace: Workplace, receiver: Receiver) -> None:
    workplace.query('DELETE FROM "Webhook"')
    owner = api.owner()
    assert owner.tenant
    workplace.query(
        'INSERT INTO "Webhook" (url, secret, events, "tenantId") VALUES (%s, %s, %s, %s)',
        receiver.url, "a-secret-of-a-webhook-in-a-test", ["deal.stage_changed", "invoice.created"], owner.tenant.id,
    )  # fmt: skip
    workplace.worker(WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8")
    deal = owner.made("/api/v1/deals", {"name": "Roof", "value": "1000.50"})
    for stage in ("qualified", "won"):
        assert owner.patch(f"/api/v1/deals/{deal['id']}", {"stage": stage}).status_code == 200
    until(lambda: len(receiver.seen) == 2, "both changes have arrived")
    first, second = (receiver.json(at) for at in (0, 1))
    assert (first["event"], first["previous"], first["data"]["stage"]) == (
        "deal.stage_changed", {"stage": "lead"}, "qualified",
    )  # fmt: skip
    assert (second["previous"], second["data"]["stage"]) == ({"stage": "qualified"}, "won")
    shown = owner.get(f"/api/v1/deals/{deal['id']}").json()
    assert {name: second["data"][name] for name in ("id", "name", "value", "probability")} == {
        name: shown[name] for name in ("id", "name", "value", "probability")
    }
    workplace.await_all_done()
