"""Two tenants full of marked rows, every kind of statement that the service sends, and a pooler in front."""

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from payaid.content import content
from payaid.principal import Principal
from payaid.rest.cursor import Cursors
from payaid.rest.plan import plan
from payaid.rest.routes import resolve
from payaid.rest.statement import Statement, statement
from payaid.rules.tiers import Tier
from payaidctl.stack.account import Account
from payaidctl.stack.binaries import Binaries
from tests.eventually import eventually
from tests.fixtures.postgres15 import _free_port, _user
from tests.fixtures.schema import Place

TENANTS = ("north", "south")
ROWS = 40
MODULES = ("crm", "finance", "hr", "marketing", "analytics")
# What the service reads, in every form that makes another statement; `{t}` is the tenant.
READS = (
    "/api/v1/contacts", "/api/v1/contacts?limit=200&sort=name", "/api/v1/contacts?status=active,lost&sort=-createdAt",
    "/api/v1/contacts?q=shared", "/api/v1/contacts?q=north", "/api/v1/contacts?q=south", "/api/v1/contacts/{t}-c1",
    "/api/v1/contacts/north-c2", "/api/v1/contacts/south-c2", "/api/v1/contacts/{t}-c1/deals",
    "/api/v1/contacts/north-c1/tasks", "/api/v1/contacts/south-c1/invoices", "/api/v1/deals?stage=lead&sort=-value",
    "/api/v1/deals?q=shared", "/api/v1/deals?limit=200", "/api/v1/deals/{t}-d1", "/api/v1/tasks?status=pending",
    "/api/v1/tasks?limit=200", "/api/v1/crm/products?limit=200", "/api/v1/orders?limit=200", "/api/v1/orders/{t}-o1",
    "/api/v1/invoices?limit=200", "/api/v1/invoices/south-i1", "/api/v1/invoices/north-i1", "/api/v1/dashboard/stats",
)  # fmt: skip
DETAIL = re.compile(r"-\w\d+$")
FILL = """
INSERT INTO "Tenant" (id, name) VALUES ('{t}', '{t}');
INSERT INTO "User" (id, email, password, "tenantId") VALUES ('{t}-u1', 'u@{t}.in', 'h', '{t}');
INSERT INTO "Contact" (id, name, email, status, notes, "assignedToId", "tenantId")
    SELECT '{t}-c' || n, '{t} shared ' || n, n || '@{t}.in', 'active', 'mark-{t}', '{t}-u1', '{t}'
    FROM generate_series(1, {n}) AS n;
INSERT INTO "Deal" (id, name, value, "contactId", "assignedToId", "tenantId")
    SELECT '{t}-d' || n, '{t} shared mark-{t}', n, '{t}-c1', '{t}-u1', '{t}' FROM generate_series(1, {n}) AS n;
INSERT INTO "Task" (id, title, "contactId", "tenantId")
    SELECT '{t}-t' || n, 'mark-{t}', '{t}-c1', '{t}' FROM generate_series(1, {n}) AS n;
INSERT INTO "Product" (id, name, sku, "salePrice", "tenantId")
    SELECT '{t}-p' || n, 'mark-{t}', 'sku-' || n, n, '{t}' FROM generate_series(1, {n}) AS n;
INSERT INTO "Order" (id, "orderNumber", "customerId", "shippingAddress", "shippingCity", "shippingPostal", "tenantId")
    SELECT '{t}-o' || n, n::text, '{t}-c1', 'mark-{t}', 'x', 'y', '{t}' FROM generate_series(1, {n}) AS n;
INSERT INTO "OrderItem" ("orderId", "productId", "productName", quantity, price, total, "tenantId")
    SELECT '{t}-o1', '{t}-p1', 'mark-{t}', 1, 2, 2, '{t}';
INSERT INTO "Invoice" (id, notes, "customerId", "tenantId")
    SELECT '{t}-i' || n, 'mark-{t}', '{t}-c1', '{t}' FROM generate_series(1, {n}) AS n;
"""


def fill(walled: Place) -> Place:
    """Both tenants, and the indexes that search and lists go by."""
    with walled.connect() as owner:
        for tenant in TENANTS:
            owner.execute(FILL.format(t=tenant, n=ROWS))
        for name in ("roadmap/idx_contact_search", "service/idx_deal_search"):
            owner.execute(content(f"sql/indexes/{name}.sql").read_text(encoding="utf-8"))
        owner.execute("ANALYZE")
    return walled


def statements(tenant: str) -> dict[str, Statement]:
    """What the service would send for each read of this tenant."""
    who = Principal(tenant, f"{tenant}-u1", "", "owner", (), MODULES, Tier.ENTERPRISE)
    made = {}
    for request in READS:
        path, _, query = request.replace("{t}", tenant).partition("?")
        made[request] = statement(plan((resolve(path) or {})["GET"], query, who, Cursors("x" * 32)))
    return made


def answers(connection: "psycopg.Connection[Any]", tenant: str, *, prepare: bool | None) -> dict[str, str | None]:
    """Every read of a tenant over one connection."""
    found = {}
    for request, one in statements(tenant).items():
        row = connection.execute(one.sql, one.params, prepare=prepare).fetchone()
        found[request] = next(iter(row.values() if isinstance(row, dict) else row)) if row else None
    return found


def expected(request: str, tenant: str) -> int | None:
    """How many rows a list shows; None: nothing is there for this tenant."""
    other = next(one for one in TENANTS if one != tenant)
    if f"/{other}-" in request:
        return None
    if request.endswith(f"q={other}"):
        return 0
    return ROWS


def check(found: dict[str, str | None], tenant: str) -> None:
    """All of one's own, and nothing of the other's."""
    other = next(one for one in TENANTS if one != tenant)
    for request, text in found.items():
        assert other not in (text or ""), f"{request} for {tenant} shows {other}"
        wanted = expected(request, tenant)
        if wanted is None:
            assert text is None, f"{request} for {tenant}: {text}"
        elif request.endswith("stats"):
            blocks = json.loads(text or "")
            assert {blocks[name]["total"] for name in ("contacts", "deals", "tasks", "orders", "invoices")} == {ROWS}
        elif not DETAIL.search(request):
            rows = (text or "").partition("\n")[2]
            assert rows.count('"tenantId"') in {0, wanted}
            assert rows.count('"id":') == wanted, f"{request} for {tenant}: {rows.count(chr(34) + 'id' + chr(34))} rows"
        else:
            assert f"{tenant}-" in (text or ""), request


@contextlib.contextmanager
def pooled(walled: Place, folder: Path) -> Iterator[str]:
    """The database through PgBouncer in transaction mode, with two connections for everybody: the service's URL."""
    program = Binaries.find().pgbouncer
    assert program
    account, port = Account.for_databases(), _free_port()
    account.own(folder, 0o755)
    users, ini = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text('"payaid_service" ""\n')
    ini.write_text(
        f"[databases]\n{walled.name} = host=127.0.0.1 port={walled.server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\npool_mode = transaction\n"
        "default_pool_size = 2\nmax_client_conn = 100\n"
    )
    for one in (users, ini):
        account.own(one, 0o600)
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([program, ini], stdout=log, stderr=log, cwd="/", **_user(account))
    url = f"postgresql://payaid_service@127.0.0.1:{port}/{walled.name}"
    try:
        eventually(lambda: _answers(url), "PgBouncer answers", 10)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False
