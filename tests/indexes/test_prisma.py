"""A database as Prisma makes it: said exactly, mended under writers, verified by a role that may only read."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from payaidctl.finding import Finding, Status
from payaidctl.indexes import create, verify
from tests.fixtures.postgres15 import Server
from tests.indexes import traffic

SCHEMA = (Path(__file__).parent / "prisma.sql").read_text(encoding="utf-8")
ROWS = """
INSERT INTO "Tenant" (id, name, "updatedAt") SELECT 't' || i, 'Tenant ' || i, now() FROM generate_series(1, 5) i;
INSERT INTO "User" (id, email, "updatedAt", "tenantId")
    SELECT 'u' || i, 'u' || i || '@example.in', now(), 't' || 1 + i % 5 FROM generate_series(1, 300) i;
INSERT INTO "Contact" (id, name, email, phone, status, "tenantId", "createdAt")
    SELECT 'c' || i, 'Priya Sharma ' || i, CASE WHEN i % 3 > 0 THEN 'c' || i || '@example.in' END, '98' || i,
           CASE WHEN i % 4 = 0 THEN 'lost' ELSE 'active' END, 't' || 1 + i % 5, now() - i * interval '1 minute'
    FROM generate_series(1, 20000) i;
INSERT INTO "Deal" (id, name, value, stage, "updatedAt", "tenantId", "contactId")
    SELECT 'd' || i, 'Steel ' || i, i, CASE WHEN i % 4 = 0 THEN 'won' ELSE 'lead' END, now(), 't' || 1 + i % 5, 'c' || i
    FROM generate_series(1, 20000) i;
INSERT INTO "Task" (id, title, status, "dueDate", "updatedAt", "tenantId", "contactId")
    SELECT 'k' || i, 'Call ' || i, CASE WHEN i % 4 = 0 THEN 'completed' ELSE 'pending' END,
           now() + i * interval '1 hour', now(), 't' || 1 + i % 5, 'c' || i
    FROM generate_series(1, 20000) i;
INSERT INTO "Order" (id, "orderNumber", subtotal, tax, shipping, total, "shippingAddress", "shippingCity",
                     "shippingPostal", "tenantId", "customerId")
    SELECT 'o' || i, 'O-' || i, i, 0, 0, i, 'x', 'y', 'z', 't' || 1 + i % 5, 'c' || i FROM generate_series(1, 5000) i;
INSERT INTO "Invoice" (id, "invoiceNumber", status, subtotal, tax, total, "dueDate", "updatedAt", "tenantId",
                       "customerId")
    SELECT 'n' || i, 'INV-' || i, CASE WHEN i % 4 = 0 THEN 'paid' ELSE 'sent' END, i, 0, i,
           now() + i * interval '1 hour', now(), 't' || 1 + i % 5, 'c' || i
    FROM generate_series(1, 20000) i;
ANALYZE;
"""
READERS = """
DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
"""
EXPECTED = {
    "idx_contact_list_covering": ("different", "does not include email, name, phone"),
    "idx_contact_search": ("different", "|| email))), declared"),
    "idx_contact_tenant_status_created": ("missing", ""),
    "idx_deal_contact_fk": ("equivalent", "as Deal_contactId_idx"),
    "idx_deal_tenant_stage_value": ("missing", ""),
    "idx_invoice_list_covering": ("different", 'does not include "dueDate", "invoiceNumber", total'),
    "idx_invoice_tenant_status_due": ("missing", ""),
    "idx_order_tenant_status_created": ("missing", ""),
    "idx_task_contact_fk": ("missing", ""),
    "idx_task_tenant_status_due": ("equivalent", "as Task_tenantId_status_dueDate_idx"),
    "idx_user_tenant_fk": ("redundant", "also there as User_tenantId_idx"),
}
WRITES = (
    """INSERT INTO "Contact" (id, name, "tenantId") VALUES (%(n)s, 'Asha', 't1')""",
    """UPDATE "Invoice" SET status = 'paid', "updatedAt" = now() WHERE id = 'n' || 1 + floor(random() * 20000)""",
    """INSERT INTO "Deal" (id, name, value, "updatedAt", "tenantId") VALUES (%(n)s, 'Steel', 1, now(), 't1')""",
    """UPDATE "Task" SET status = 'completed', "updatedAt" = now() WHERE id = 'k' || 1 + floor(random() * 20000)""",
)


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with server.database(SCHEMA + ROWS + READERS) as made:
        yield made


def named(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.evidence["index"]: finding for finding in findings}


def assert_expected(findings: list[Finding]) -> None:
    found = named(findings)
    assert set(found) == set(EXPECTED)
    for name, (state, says) in EXPECTED.items():
        assert found[name].evidence["state"] == state, found[name]
        assert says in found[name].observed, found[name]


def test_it_says_what_is_missing_what_is_equivalent_and_what_differs(url: str) -> None:
    assert_expected(asyncio.run(verify(url, prove=False)))


@pytest.mark.parametrize(
    "restriction",
    [
        "GRANT TEMPORARY ON DATABASE {database} TO reader",
        "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, reader",
        "ALTER ROLE reader IN DATABASE {database} SET default_transaction_read_only = on",
    ],
)
def test_a_role_that_may_only_read_is_enough(url: str, restriction: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(restriction.format(database=connection.info.dbname))
    found = asyncio.run(verify(url.replace("postgres@", "reader@")))
    assert_expected(found)
    serving = [one for one in found if one.evidence["state"] in {"equivalent", "redundant"}]
    assert [one.evidence["proof"]["canServe"] for one in serving] == [True] * 3, serving


def test_mended_while_writers_run(url: str) -> None:
    async def scenario() -> tuple[list[Finding], traffic.Traffic]:
        named_now = ("idx_contact_list_covering", "idx_contact_search", "idx_invoice_list_covering")
        async with traffic.writers(url, WRITES, never_without=named_now) as seen:
            await traffic.some_writes(seen)
            found = await create(url)
            await traffic.some_writes(seen)
            return found, seen

    found, seen = asyncio.run(scenario())
    assert {one.status for one in found} <= {Status.PASS, Status.WARN}, found
    assert seen.index_less == set()
    assert seen.longest_wait_s < 0.2, seen
    assert seen.samples > 20
    before = asyncio.run(traffic.catalogue(url))
    asyncio.run(create(url))
    assert asyncio.run(traffic.catalogue(url)) == before
    assert [name for name, *_ in before if name.endswith(("__new", "__old", "__kept"))] == []


def test_proven_once_mended(url: str) -> None:
    """This database has neither our columns nor our functions, so the declarations' probes are explained."""
    asyncio.run(create(url))
    found = named(asyncio.run(verify(url, analyze=True)))
    assert {one.status for one in found.values()} <= {Status.PASS, Status.WARN}, found
    proof = found["idx_contact_tenant_status_created"].evidence["proof"]
    assert proof["canServe"] is True
    assert proof["explained"] == "the declaration's probe"
    assert proof["servers"][0]["used"] is True
    assert proof["servers"][0]["timeMs"] > 0
    assert proof["servers"][0]["buffers"] > 0
