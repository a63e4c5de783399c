"""Every table is walled: asked of the catalogue, and tried."""

import psycopg
import pytest
from psycopg import errors

from tests.fixtures.schema import Place

WALL = "(\"{}\" = NULLIF(current_setting('payaid.tenant_id'::text, true), ''::text))"
# Of no tenant's: what the relay and the schedules own.
TENANT_TABLES = """
SELECT c.oid, c.relname AS name, c.relrowsecurity AS walled, c.relforcerowsecurity AS forced,
       (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attname = CASE c.relname WHEN 'Tenant' THEN 'id' ELSE 'tenantId' END) AS column
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 2
"""
POLICIES = """
SELECT polname AS name, polcmd::text AS command, polpermissive AS permissive, polroles = '{0}' AS everyone,
       pg_get_expr(polqual, polrelid) AS using, pg_get_expr(polwithcheck, polrelid) AS checked
FROM pg_policy WHERE polrelid = %s
"""


def test_each_table_has_the_one_policy(walled: Place) -> None:
    with walled.connect() as connection:
        tables = connection.execute(TENANT_TABLES).fetchall()
        assert len(tables) >= 13
        for table in tables:
            policies = connection.execute(POLICIES, (table["oid"],)).fetchall()
            # PostgreSQL quotes a name only where it must.
            wall = WALL.format(table["column"]).replace('"id"', "id")
            one = {"name": "tenant_wall", "command": "*", "permissive": True, "everyone": True}
            assert policies == [one | {"using": wall, "checked": wall}], table["name"]
            assert (table["walled"], table["forced"]) == (True, True), table["name"]


def test_each_foreign_key_carries_the_tenant(walled: Place) -> None:
    with walled.connect() as connection:
        loose = connection.execute("""
            SELECT conrelid::regclass::text AS table, pg_get_constraintdef(oid) AS key FROM pg_constraint
            WHERE contype = 'f' AND confrelid <> '"Tenant"'::regclass
              AND pg_get_constraintdef(oid) NOT LIKE 'FOREIGN KEY ("tenantId", %%) REFERENCES %%("tenantId", id)%%'
        """).fetchall()
    assert loose == []


def test_the_service_role_owns_nothing_and_may_not_truncate(walled: Place) -> None:
    with walled.connect() as connection:
        found = connection.execute("""
            SELECT count(*) FILTER (WHERE pg_get_userbyid(relowner) = 'payaid_service') AS owned,
                   count(*) FILTER (WHERE has_table_privilege('payaid_service', oid, 'TRUNCATE, TRIGGER')) AS more,
                   count(*) FILTER (WHERE EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0)) AS open
            FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'payaid'::regnamespace)
        """).fetchone()
    assert found == {"owned": 0, "more": 0, "open": 0}


def test_functions_are_closed_unless_listed_and_definers_are_safe(walled: Place) -> None:
    with walled.connect() as connection:
        found = connection.execute("""
            SELECT p.oid::regprocedure::text AS name, prosecdef AS definer,
                   (SELECT one FROM unnest(proconfig) AS one WHERE one LIKE 'search_path=%') AS path,
                   has_function_privilege('public', p.oid, 'EXECUTE') AS open
            FROM pg_proc p WHERE pronamespace = 'payaid'::regnamespace
        """).fetchall()
    assert [one["name"] for one in found if one["open"]] == []
    paths = {one["name"]: (one["path"] or "").split("=")[-1].split(", ") for one in found if one["definer"]}
    assert len(paths) >= 5
    assert {name: path for name, path in paths.items() if path[0] != "pg_catalog" or path[-1] != "pg_temp"} == {}


@pytest.fixture
def two(walled: Place) -> Place:
    """Two tenants with a user and a contact each."""
    with walled.connect() as connection:
        connection.execute("""
            INSERT INTO "Tenant" (id, name) VALUES ('one', 'One'), ('two', 'Two');
            INSERT INTO "User" (id, email, password, "tenantId") VALUES
                ('u1', 'a@one.in', 'h', 'one'), ('u2', 'b@two.in', 'h', 'two');
            INSERT INTO "Contact" (id, name, email, "tenantId") VALUES
                ('c1', 'Priya Sharma', 'priya@mail.in', 'one'), ('c2', 'Priya Nair', NULL, 'two');
        """)
    return walled


def test_without_a_tenant_there_is_nothing(two: Place) -> None:
    for tenant in (None, "", "three"):
        with two.connect(two.service, tenant) as connection:
            assert connection.execute('SELECT id FROM "Contact" UNION ALL SELECT id FROM "Tenant"').fetchall() == []


def test_a_tenant_sees_and_changes_its_own(two: Place) -> None:
    with two.connect(two.service, "one") as connection:
        assert connection.execute('SELECT id FROM "Contact"').fetchall() == [{"id": "c1"}]
        assert connection.execute("UPDATE \"Contact\" SET notes = 'seen'").rowcount == 1
        assert connection.execute('DELETE FROM "Contact" WHERE id = %s', ("c2",)).rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute("INSERT INTO \"Contact\" (name, \"tenantId\") VALUES ('x', 'two')")
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute('UPDATE "Contact" SET "tenantId" = \'two\'')


def test_a_row_cannot_point_into_another_tenant(two: Place) -> None:
    with two.connect(two.service, "one") as connection, pytest.raises(errors.ForeignKeyViolation):
        connection.execute("INSERT INTO \"Deal\" (name, \"contactId\", \"tenantId\") VALUES ('d', 'c2', 'one')")
    with two.connect() as owner, pytest.raises(errors.ForeignKeyViolation):
        owner.execute("INSERT INTO \"Task\" (title, \"assignedToId\", \"tenantId\") VALUES ('t', 'u2', 'one')")


def test_what_is_deleted_leaves_its_followers_as_the_meaning_wants(two: Place) -> None:
    with two.connect(two.service, "one") as connection:
        connection.execute("""
            INSERT INTO "Deal" (id, name, "contactId", "assignedToId", "tenantId") VALUES ('d', 'd', 'c1', 'u1', 'one');
            INSERT INTO "Task" (id, title, "contactId", "tenantId") VALUES ('t', 't', 'c1', 'one');
            DELETE FROM "Contact" WHERE id = 'c1'; DELETE FROM "User" WHERE id = 'u1';
        """)
        deal = connection.execute('SELECT "contactId", "assignedToId", "tenantId" FROM "Deal"').fetchall()
        assert deal == [{"contactId": None, "assignedToId": None, "tenantId": "one"}]
        assert connection.execute('SELECT FROM "Task"').fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT password FROM "User"',
        'SELECT * FROM "User"',
        'TRUNCATE "Contact"',
        'DELETE FROM "Tenant"',
        'ALTER TABLE "Contact" DISABLE ROW LEVEL SECURITY',
        "SELECT payaid.notify_change('one', 'Contact', NULL, NULL)",
        "CREATE TABLE public.mine (id int)",
    ],
)
def test_the_service_may_not(two: Place, statement: str) -> None:
    with two.connect(two.service, "one") as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


def test_login_finds_the_account_without_a_tenant(two: Place) -> None:
    with two.connect(two.service) as connection:
        (account,) = connection.execute("SELECT * FROM payaid.login_account(' A@One.in')").fetchall()
        assert (account["tenantId"], account["userId"], account["password"]) == ("one", "u1", "h")
        assert (account["tenantName"], account["status"], account["isActive"]) == ("One", "active", True)
        assert connection.execute("SELECT * FROM payaid.login_account('nobody@one.in')").fetchall() == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("priya", ["c1"]), ("pri", ["c1"]), ("priya sh", ["c1"]), ("priya@mail.in", ["c1"]), ("nair", []),
        ("priya -sharma", []), ('"sharma priya"', []), ("nobody or sharma", ["c1"]), ("the", []), ("", []),
        ("x'); DROP TABLE", []), ("'quo\\te", []),
    ],
)  # fmt: skip
def test_search_stays_within_the_tenant(two: Place, query: str, found: list[str]) -> None:
    ask = "SELECT payaid.contact_search(%s, 10) AS id"
    with two.connect(two.service, "one") as connection:
        assert [row["id"] for row in connection.execute(ask, (query,))] == found
    with two.connect(two.service) as connection:
        assert connection.execute(ask, (query,)).fetchall() == []


def test_search_is_newest_first_and_capped(two: Place) -> None:
    with two.connect(two.service, "one") as connection:
        connection.execute("""
            INSERT INTO "Deal" (id, name, "createdAt", "tenantId")
            SELECT 'd' || n, 'Diwali hampers ' || n, '2026-01-01'::timestamptz + n * interval '1 day', 'one'
            FROM generate_series(1, 9) AS n
        """)
        found = connection.execute("SELECT payaid.deal_search('diwa', 3) AS id").fetchall()
    assert [row["id"] for row in found] == ["d9", "d8", "d7"]


def test_an_update_always_moves_updated_at_forward(two: Place) -> None:
    with two.connect(two.service, "one") as connection, connection.transaction():
        seen = [
            connection.execute('UPDATE "Contact" SET notes = %s RETURNING "updatedAt"', (n,)).fetchone()["updatedAt"]
            for n in "abc"
        ]
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO \"Contact\" (name, status, \"tenantId\") VALUES ('x', 'gone', 'one')",
        "INSERT INTO \"Contact\" (name, \"tenantId\") VALUES ('  ', 'one')",
        "INSERT INTO \"Deal\" (name, value, \"tenantId\") VALUES ('x', -1, 'one')",
        "INSERT INTO \"User\" (email, \"tenantId\") VALUES ('Upper@one.in', 'one')",
        "INSERT INTO \"Invoice\" (status, \"tenantId\") VALUES ('sent', 'one')",
        "INSERT INTO \"Invoice\" (status, \"invoiceNumber\", \"tenantId\") VALUES ('paid', 'INV/1', 'one')",
        'INSERT INTO "Invoice" (cgst, sgst, tax, "tenantId") VALUES (1, 2, 3, \'one\')',
        'INSERT INTO "Invoice" ("invoiceNumber", "tenantId") VALUES (\'INV/2025-26/00001\', \'one\')',
        (
            'INSERT INTO "Product" (name, sku, "salePrice", "gstExempt", "gstRate", "tenantId") '
            "VALUES ('p', 's', 1, true, 5, 'one')"
        ),
    ],
)
def test_what_breaks_a_rule_is_refused(two: Place, statement: str) -> None:
    with two.connect(two.service, "one") as connection, pytest.raises(errors.CheckViolation):
        connection.execute(statement)


def test_numbers_are_unique_within_a_tenant_alone(two: Place) -> None:
    insert = """
        INSERT INTO "Order" ("orderNumber", "shippingAddress", "shippingCity", "shippingPostal", "tenantId")
        VALUES ('1', 'a', 'b', 'c', %s)
    """
    with two.connect() as owner:
        owner.execute(insert, ("one",))
        owner.execute(insert, ("two",))
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute(insert, ("one",))
