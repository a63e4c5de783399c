"""Seeding a database: what lands there holds together, keys come back as they were, and twice is once."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher

from payaid.rules.gst import Line, Supply, Treatment, bill
from payaid.rules.gstin import parse
from payaid.rules.periods import indian_date
from payaidctl.errors import Failed, UsageError
from payaidctl.seed import DEMO_EMAIL, PASSWORD
from payaidctl.seed.keys import fixtures
from payaidctl.seed.load import NAMES
from payaidctl.seed.plan import Parameters, plan
from payaidctl.seed.run import Seeded, facts, seed
from tests.fixtures.schema import Place

SMALL = Parameters(tenants=5, contacts=60, seed=42, as_of=date(2026, 4, 1))


def run(place: Place, parameters: Parameters = SMALL) -> Seeded:
    return asyncio.run(seed(place.owner, parameters))


def around(place: Place) -> list[Any]:
    """Every key, check, index and trigger of the seeded tables."""

    async def look() -> list[Any]:
        async with await psycopg.AsyncConnection.connect(place.owner, row_factory=psycopg.rows.dict_row) as connection:
            return await fixtures(connection, NAMES)

    return asyncio.run(look())


def rows(place: Place, question: str) -> list[dict[str, Any]]:
    with place.connect() as connection:
        return connection.execute(question).fetchall()


def digest(place: Place) -> list[dict[str, Any]]:
    """One line a table, of everything in it."""
    one = "SELECT '{0}' AS name, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM \"{0}\" AS t"
    return rows(place, " UNION ALL ".join(one.format(name) for name in NAMES))


def test_keys_checks_indexes_and_triggers_come_back_as_they_were(walled: Place) -> None:
    with walled.connect() as connection:
        connection.execute("""
            CREATE INDEX "odd Name" ON "Contact" (lower(email) DESC NULLS LAST) WHERE email IS NOT NULL;
            CREATE TABLE "Note" (id int, "tenantId" text, "contactId" text,
                FOREIGN KEY ("tenantId", "contactId") REFERENCES "Contact" ("tenantId", id) DEFERRABLE);
            ALTER TABLE "Deal" DISABLE TRIGGER touch;
            ALTER TABLE "Task" ADD CONSTRAINT late CHECK (title <> 'x') NOT VALID;
        """)
    before = around(walled)
    run(walled)
    assert around(walled) == before
    assert {one.name for one in before} >= {'"odd Name"', "Note_tenantId_contactId_fkey", "late", "announce_insert"}
    (off,) = rows(walled, "SELECT tgenabled FROM pg_trigger WHERE tgname = 'touch' AND tgrelid = '\"Deal\"'::regclass")
    assert off == {"tgenabled": "D"}


def test_a_second_run_changes_nothing(walled: Place) -> None:
    first = run(walled)
    before = digest(walled)
    again = run(walled)
    assert (first.loaded.tenants, again.loaded.tenants, again.present) == (5, 0, 5)
    assert digest(walled) == before
    assert again.seconds < 1
    assert facts(again)["rows"] == 0


def test_more_tenants_add_only_those(walled: Place) -> None:
    run(walled)
    before = {row["id"]: row for row in rows(walled, 'SELECT * FROM "Contact"')}
    more = run(walled, replace(SMALL, tenants=8))
    after = {row["id"]: row for row in rows(walled, 'SELECT * FROM "Contact"')}
    assert (more.loaded.tenants, more.present) == (3, 5)
    assert after.items() >= before.items()
    assert len(rows(walled, 'SELECT id FROM "Tenant"')) == 8


def test_the_numbers_are_those_of_the_plan(walled: Place) -> None:
    done, planned = run(walled), plan(SMALL)
    for name, kind in (("User", "users"), ("Contact", "contacts"), ("Deal", "deals"), ("Invoice", "invoices")):
        assert done.loaded.rows[name] == sum(getattr(tenant, kind) for tenant in planned)
    counted = rows(walled, " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) FROM \"{name}\"" for name in NAMES))
    assert {row["name"]: row["count"] for row in counted} == dict(done.loaded.rows)


def test_the_demo_login_works_for_the_service(walled: Place) -> None:
    run(walled)
    with walled.connect(walled.service) as connection:
        account = connection.execute("SELECT * FROM payaid.login_account(%s)", (DEMO_EMAIL,)).fetchone()
    assert account
    assert PasswordHasher().verify(account["password"], PASSWORD)
    assert (account["tenantId"], account["role"], account["subscriptionTier"]) == ("demo", "owner", "enterprise")
    assert "finance" in account["licensedModules"]


def test_invoices_are_what_the_rules_compute(walled: Place) -> None:
    run(walled)
    found = rows(walled, 'SELECT i.*, t.state FROM "Invoice" i JOIN "Tenant" t ON t.id = i."tenantId"')
    assert len(found) > 100
    for invoice in found:
        lines = [line(item) for item in invoice["items"]]
        day, place = indian_date(invoice["invoiceDate"]), invoice["placeOfSupply"]
        supply = Supply(invoice["state"], place, day, reverse_charge=invoice["reverseCharge"])
        made = bill(lines, supply).columns()
        assert {name: invoice[name] for name in made} == made
        if invoice["customerGSTIN"]:
            assert parse(invoice["customerGSTIN"]).state == invoice["placeOfSupply"]


def line(item: dict[str, Any]) -> Line:
    rate = None if item["gstRate"] is None else Decimal(item["gstRate"])
    quantity, price, discount = (Decimal(item[name]) for name in ("quantity", "unitPrice", "discount"))
    return Line(quantity, price, rate, discount, Treatment(item["treatment"]), item["description"], item["hsnCode"])


@pytest.mark.parametrize(
    ("what", "question"),
    [
        ("an order that does not add up", """
            SELECT o.id FROM "Order" o JOIN (SELECT "orderId", sum(total) AS lines FROM "OrderItem" GROUP BY 1) i
              ON i."orderId" = o.id WHERE o.total <> o.subtotal + o.tax + o.shipping OR o.subtotal <> i.lines"""),
        ("a line that does not add up", 'SELECT id FROM "OrderItem" WHERE total <> quantity * price'),
        ("an order without lines", """
            SELECT id FROM "Order" o WHERE NOT EXISTS (SELECT FROM "OrderItem" i WHERE i."orderId" = o.id)"""),
        ("a counter that is not at its last number", """
            SELECT n.* FROM "NumberSeries" n LEFT JOIN (
                SELECT "tenantId", 'INV' AS series, split_part("invoiceNumber", '/', 2) AS fy, count(*),
                       max(split_part("invoiceNumber", '/', 3)::int) FROM "Invoice"
                WHERE "invoiceNumber" IS NOT NULL GROUP BY 1, 3
                UNION ALL SELECT "tenantId", 'ORD', split_part("orderNumber", '/', 2), count(*),
                       max(split_part("orderNumber", '/', 3)::int) FROM "Order" GROUP BY 1, 3
            ) i ON i."tenantId" = n."tenantId" AND i.series = n.series AND i.fy = right(n."financialYear", 5)
            WHERE (n.last, n.last) IS DISTINCT FROM (i.count, i.max)"""),
        ("a draft with a number", """
            SELECT id FROM "Invoice" WHERE (status = 'draft') <> ("invoiceNumber" IS NULL)"""),
        ("a number of another financial year", """
            SELECT id FROM "Invoice" WHERE split_part("invoiceNumber", '/', 2) <>
              to_char("invoiceDate" AT TIME ZONE 'Asia/Kolkata' - interval '3 months', 'YY') || '-' ||
              to_char("invoiceDate" AT TIME ZONE 'Asia/Kolkata' + interval '9 months', 'YY')"""),
        ("a date that runs backwards", """
            SELECT id FROM "Invoice" WHERE least("paidAt", "dueDate", "updatedAt") < "invoiceDate"
            UNION ALL SELECT id FROM "Contact" WHERE "updatedAt" < "createdAt" OR "lastContactedAt" < "createdAt"
            UNION ALL SELECT id FROM "Deal" WHERE "updatedAt" < "createdAt" OR "actualCloseDate" < "createdAt"
            UNION ALL SELECT id FROM "Task" WHERE "updatedAt" < "createdAt" OR "dueDate" < "createdAt"
            UNION ALL SELECT id FROM "Order" WHERE "shippedAt" < "paidAt" OR "deliveredAt" < "shippedAt" """),
        ("something from the future", """
            SELECT id FROM "Contact" WHERE greatest("updatedAt", "lastContactedAt") >= '2026-04-01 00:00+05:30'
            UNION ALL SELECT id FROM "Invoice" WHERE greatest("createdAt", "paidAt") >= '2026-04-01 00:00+05:30'
            UNION ALL SELECT id FROM "Deal" WHERE "actualCloseDate" >= '2026-04-01 00:00+05:30'"""),
        ("a status that its dates deny", """
            SELECT id FROM "Task" WHERE (status = 'completed') <> ("completedAt" IS NOT NULL)
            UNION ALL SELECT id FROM "Deal" WHERE (stage IN ('won', 'lost')) <> ("actualCloseDate" IS NOT NULL)
            UNION ALL SELECT id FROM "Invoice" WHERE (status = 'paid') <> ("paidAt" IS NOT NULL)
            UNION ALL SELECT id FROM "Invoice" WHERE status = 'overdue' AND "dueDate" >= '2026-04-01 00:00+05:30'
            UNION ALL SELECT id FROM "Order" WHERE (status = 'delivered') <> ("deliveredAt" IS NOT NULL)"""),
        ("a telephone that someone may have", """
            SELECT id FROM "Contact" WHERE phone !~ '^\\+91555[0-9]{7}$' UNION ALL
            SELECT id FROM "Contact" WHERE email NOT LIKE '%.example'"""),
    ],
)  # fmt: skip
def test_there_is_no(seeded: Place, what: str, question: str) -> None:
    assert rows(seeded, question) == [], what


@pytest.fixture
def seeded(walled: Place) -> Place:
    """A seeded database."""
    run(walled)
    return walled


def test_listeners_hear_of_the_new_tenants(walled: Place) -> None:
    with walled.connect() as listener:
        listener.execute("LISTEN payaid_change")
        run(walled)
        heard = [json.loads(notice.payload) for notice in listener.notifies(timeout=2, stop_after=5)]
    assert {one["tenant"] for one in heard} == {tenant.id for tenant in plan(SMALL)}


def test_a_failure_leaves_no_trace(walled: Place) -> None:
    with walled.connect() as connection:
        connection.execute('ALTER TABLE "Invoice" ADD CONSTRAINT impossible CHECK (total < 0) NOT VALID')
        connection.execute('ALTER TABLE "Invoice" VALIDATE CONSTRAINT impossible')
    before = around(walled)
    with pytest.raises(psycopg.errors.CheckViolation):
        run(walled)
    assert around(walled) == before
    assert rows(walled, 'SELECT id FROM "Tenant"') == []


def test_an_invalid_index_is_named_before_anything_is_touched(walled: Place) -> None:
    with walled.connect(walled.superuser) as connection:
        connection.execute('CREATE INDEX broken ON "Deal" (value)')
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
    with pytest.raises(Failed, match="broken is invalid"):
        run(walled)


def test_a_database_that_is_not_ours_is_refused(blank: Place, walled: Place) -> None:
    with pytest.raises(UsageError, match="the schema is not this release's"):
        run(blank)
    with blank.connect() as connection:
        connection.execute('CREATE TABLE public._prisma_migrations (id text); CREATE TABLE public."Tenant" (id text)')
    with pytest.raises(UsageError, match="made by Prisma"):
        run(blank)


def test_the_command_tells_rates_and_the_login(walled: Place, tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "payaidctl", "seed", "--tenants", "3", "--contacts-per-tenant", "20", "--yes",
         "--as-of", "2026-04-01", "--output", "json", "--database-url", walled.owner],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"PAYAID_STATE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    findings = {one["id"]: one for one in json.loads(done.stdout)["findings"]}
    assert "rows/s" in findings["seed.rows"]["observed"]
    assert f"{DEMO_EMAIL} / {PASSWORD}" in findings["seed.login"]["observed"]
    (evidence,) = (tmp_path / "evidence").glob("*-seed.json")
    assert json.loads(evidence.read_text())["facts"]["tenantsAdded"] == 3


def test_the_command_asks_before_it_writes(walled: Place) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "payaidctl", "seed", "--database-url", walled.owner],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert rows(walled, 'SELECT id FROM "Tenant"') == []
