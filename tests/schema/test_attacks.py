"""The tenant wall under attack: whatever the planner is forced to do, whoever sits in between, on each PostgreSQL."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from payaidctl.stack.binaries import Binaries
from tests.fixtures.schema import Place
from tests.schema.attack import ROWS, TENANTS, answers, check, fill, pooled

FORCED = {
    "nothing": (),
    "generic plans": ("plan_cache_mode = force_generic_plan",),
    "custom plans": ("plan_cache_mode = force_custom_plan",),
    "JIT": ("jit = on", "jit_above_cost = 0", "jit_inline_above_cost = -1", "jit_optimize_above_cost = -1"),
    "parallel workers": (
        "max_parallel_workers_per_gather = 4", "parallel_setup_cost = 0", "parallel_tuple_cost = 0",
        "min_parallel_table_scan_size = 0", "min_parallel_index_scan_size = 0", "{parallel} = on",
    ),
    "no sequential scans": ("enable_seqscan = off", "enable_bitmapscan = off"),
    "no indexes": ("enable_indexscan = off", "enable_bitmapscan = off", "enable_indexonlyscan = off"),
    "merge joins": ("enable_hashjoin = off", "enable_nestloop = off", "enable_memoize = off"),
}  # fmt: skip


@pytest.fixture
def two(walled: Place) -> Place:
    """Two tenants with forty rows of everything."""
    return fill(walled)


def force(place: Place, what: str) -> None:
    """Have every session of the service's role plan so, through whatever pooler."""
    # Before PostgreSQL 16 it had another name.
    parallel = "debug_parallel_query" if place.server.version >= 16 else "force_parallel_mode"
    with place.connect(place.superuser) as admin:
        # What is made to look dear would be compiled, too, where nobody asked for it.
        for one in ("jit = off", *FORCED[what]):
            admin.execute(f'ALTER DATABASE "{place.name}" SET {one.format(parallel=parallel)}')


@pytest.mark.parametrize("what", FORCED)
def test_no_plan_shows_a_foreign_row_or_hides_ones_own(two: Place, what: str) -> None:
    force(two, what)
    with two.connect(two.service) as connection:
        for prepare in (True, False):
            # A generic plan is made at the sixth execution; the tenants take turns on the same prepared statements.
            for turn in range(14 if what != "JIT" else 2):  # compiling takes its time
                tenant = TENANTS[turn % 2]
                check(answers(connection, tenant, prepare=prepare), tenant)


@pytest.mark.parametrize("what", ["generic plans", "JIT", "parallel workers"])
def test_what_was_forced_did_happen(two: Place, what: str) -> None:
    """Else the test above would prove nothing."""
    force(two, what)
    probe = 'SELECT count(*), min(name) FROM "Contact"'
    with two.connect(two.service, "north") as connection:
        if what == "generic plans":
            connection.execute('PREPARE p (text) AS SELECT count(*) FROM "Contact" WHERE id = $1')
            plan = shown(connection, "EXPLAIN EXECUTE p ('north-c1')")
            assert "$1" in plan
        elif what == "JIT":
            if connection.execute("SELECT pg_jit_available() AS there").fetchone() != {"there": True}:
                pytest.skip("this PostgreSQL was built without JIT")
            assert "JIT" in shown(connection, f"EXPLAIN (ANALYZE) {probe}")
        else:
            assert "Workers Launched" in shown(connection, f"EXPLAIN (ANALYZE, COSTS OFF) {probe}")


def shown(connection: "psycopg.Connection[Any]", explain: str) -> str:
    return "\n".join(str(line["QUERY PLAN"]) for line in connection.execute(explain).fetchall())


@pytest.fixture
def pooler(two: Place) -> Iterator[str]:
    """The service's URL through PgBouncer, two server connections for all."""
    if not Binaries.find().pgbouncer:
        pytest.skip("PgBouncer is not installed")
    with tempfile.TemporaryDirectory(prefix="payaid-attack-") as folder, pooled(two, Path(folder)) as url:
        yield url


@pytest.mark.parametrize("what", ["nothing", "generic plans", "parallel workers"])
def test_through_the_pooler_tenants_share_connections_and_nothing_else(two: Place, pooler: str, what: str) -> None:
    force(two, what)

    def one(number: int) -> None:
        tenant = TENANTS[number % 2]
        with psycopg.connect(pooler, autocommit=True, prepare_threshold=None) as connection:
            for _ in range(6):
                check(answers(connection, tenant, prepare=False), tenant)
                left = connection.execute("SELECT current_setting('payaid.tenant_id', true)").fetchone()
                assert left in {("",), (None,)}, "the setting outlived its statement"
                assert connection.execute('SELECT count(*) FROM "Contact"').fetchone() == (0,)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(one, number) for number in range(8)]:
            done.result(120)


def test_a_statement_that_fails_leaves_no_tenant_behind(two: Place) -> None:
    failing = "WITH tenant AS MATERIALIZED (SELECT set_config('payaid.tenant_id', 'north', true) AS id) "
    with two.connect(two.service) as connection:
        for _ in range(3):
            with pytest.raises(errors.DivisionByZero):
                connection.execute(failing + "SELECT (SELECT 1 / (count(*) - %s) FROM \"Contact\" t WHERE"
                                   ' t."tenantId" = tenant.id) FROM tenant', (ROWS,))  # fmt: skip
            assert connection.execute('SELECT FROM "Contact"').fetchall() == []


# -- what tells of rows without showing them ------------------------------------------------------------------


@pytest.mark.parametrize(
    "attack",
    [
        "SELECT 1 / (CASE WHEN name LIKE 'south%' THEN 0 ELSE 1 END) FROM \"Contact\"",
        'SELECT id FROM "Contact" WHERE 1 / (CASE WHEN "tenantId" = \'south\' THEN 0 ELSE 1 END) = 1',
        'SELECT id FROM "Contact" WHERE notes::int = 1 AND "tenantId" = \'south\'',
        "SELECT id FROM \"Contact\" ORDER BY 1 / (CASE WHEN name LIKE 'south%' THEN 0 ELSE 1 END)",
    ],
)
def test_an_error_is_no_window(two: Place, attack: str) -> None:
    """What the wall hides is not even evaluated, so it cannot fail."""
    with two.connect(two.service, "north") as connection:
        assert "south" not in str(connection.execute(attack.encode()).fetchall())


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        (
            (
                "INSERT INTO \"Contact\" (id, name, \"tenantId\") VALUES ('south-c1', 'x', 'north')"
                " ON CONFLICT (id) DO UPDATE SET name = 'x' RETURNING name"
            ),
            errors.InsufficientPrivilege,
        ),
        ("UPDATE \"Contact\" SET \"tenantId\" = 'south' WHERE id = 'north-c1'", errors.InsufficientPrivilege),
        ("INSERT INTO \"Contact\" (name, \"tenantId\") VALUES ('x', 'south')", errors.InsufficientPrivilege),
        ("INSERT INTO \"Contact\" (name, \"tenantId\") VALUES ('x', '')", errors.InsufficientPrivilege),
        ("INSERT INTO \"Contact\" (name) VALUES ('x')", errors.InsufficientPrivilege),
        ("SET ROLE payaid_owner", errors.InsufficientPrivilege),
        ("SET SESSION AUTHORIZATION payaid_owner", errors.InsufficientPrivilege),
        ("SET session_replication_role = replica", errors.InsufficientPrivilege),
        ('DROP POLICY tenant_wall ON "Contact"', errors.InsufficientPrivilege),
        ("COPY \"Contact\" TO PROGRAM 'cat'", errors.InsufficientPrivilege),
    ],
)
def test_what_would_cross_the_wall_is_refused(two: Place, attack: str, error: type[Exception]) -> None:
    with two.connect(two.service, "north") as connection, pytest.raises(error):
        connection.execute(attack.encode())
    with two.connect() as owner:
        assert owner.execute("SELECT count(*) AS n FROM \"Contact\" WHERE name = 'x'").fetchone() == {"n": 0}


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE \"Contact\" SET notes = 'x' WHERE id = 'south-c1' RETURNING id",
        'DELETE FROM "Contact" WHERE "tenantId" = \'south\' RETURNING id',
        "UPDATE \"Deal\" d SET name = 'x' FROM \"Contact\" c WHERE c.id = 'south-c1' RETURNING d.id",
        "SELECT id FROM \"Contact\" WHERE id = 'south-c1' FOR UPDATE",
        'SELECT d.id FROM "Deal" d JOIN "Contact" c ON c.id LIKE \'south%\'',
        "SELECT c.id FROM \"Contact\" c TABLESAMPLE SYSTEM (100) WHERE c.id LIKE 'south%'",
        "SELECT id FROM payaid.contact_search('south', 10) AS id",
        "SELECT id FROM payaid.deal_search('south', 10) AS id",
    ],
)
def test_what_asks_for_foreign_rows_finds_none(two: Place, attack: str) -> None:
    with two.connect(two.service, "north") as connection:
        assert connection.execute(attack.encode()).fetchall() == []


def test_a_setting_set_by_a_subquery_of_the_statement_itself_gains_nothing_for_its_shape(two: Place) -> None:
    """The setting is the wall's key, so whoever can write SQL has it: that is why nothing but parameters goes in."""
    with two.connect(two.service, "north") as connection:
        connection.execute("SELECT set_config('payaid.tenant_id', 'south', true)")
        seen = {row["tenantId"] for row in connection.execute('SELECT "tenantId" FROM "Contact"').fetchall()}
    assert seen == {"north"}, "a local setting of one autocommitted statement does not reach the next"


# -- foreign keys ---------------------------------------------------------------------------------------------

KEYS = """
SELECT conrelid::regclass::text AS "table", confrelid::regclass::text AS target,
       (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[2]) AS "column"
FROM pg_constraint WHERE contype = 'f' AND confrelid <> '"Tenant"'::regclass ORDER BY 1, 3
"""


def test_no_row_can_be_pointed_into_another_tenant_by_anybody(two: Place) -> None:
    """Every foreign key that a row here has: for the service, and for the owner, whom no policy binds."""
    tried = 0
    with two.connect() as owner, two.connect(two.service, "north") as service:
        for key in owner.execute(KEYS).fetchall():
            table, target = (sql.SQL(key[name]) for name in ("table", "target"))
            foreign = owner.execute(
                sql.SQL('SELECT id FROM {} WHERE "tenantId" = %s LIMIT 1').format(target), ("south",)
            ).fetchone()
            own = owner.execute(
                sql.SQL('SELECT id FROM {} WHERE "tenantId" = %s LIMIT 1').format(table), ("north",)
            ).fetchone()
            if not foreign or not own:
                continue
            change = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(table, sql.Identifier(key["column"]))
            for connection in (owner, service):
                with pytest.raises((errors.ForeignKeyViolation, errors.InsufficientPrivilege)) as refused:
                    connection.execute(change, (foreign["id"], own["id"]))
                # The owner may do anything else, so it is the key that refuses.
                assert connection is service or refused.type is errors.ForeignKeyViolation, key
            tried += 1
    assert tried >= 8


# -- search ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "index"), [("Contact", "idx_contact_search"), ("Deal", "idx_deal_search")])
def test_search_goes_by_its_index_inside_the_function(two: Place, table: str, index: str) -> None:
    """Seen from inside: auto_explain tells the plan of the statement that the function really runs."""
    with two.connect() as owner:
        owner.execute(f"""
            INSERT INTO "{table}" (name, "tenantId")
            SELECT md5(n::text) || ' ' || md5((n + 1)::text), 'north' FROM generate_series(1, 20000) AS n
        """)
        owner.execute("ANALYZE")
    told: list[str] = []
    with two.connect(two.superuser, "north") as connection:
        connection.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        connection.execute("LOAD 'auto_explain'")
        connection.execute("SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;"
                           " SET client_min_messages = log")  # fmt: skip
        word = f"{table.lower()}_search"
        rows = connection.execute(f"SELECT payaid.{word}(substr(md5('77'), 1, 12), 50) AS id").fetchall()
    plan = next(one for one in told if "to_tsvector" in one)
    assert len(rows) == 2, "the two rows that have this word"
    assert index in plan, plan
    assert f'Seq Scan on "{table}"' not in plan


def test_search_of_a_large_tenant_is_quick_where_the_policy_would_make_it_slow(two: Place) -> None:
    with two.connect() as owner:
        owner.execute("""
            INSERT INTO "Contact" (name, "tenantId")
            SELECT md5(n::text) || ' ' || md5((n + 1)::text), 'north' FROM generate_series(1, 30000) AS n
        """)
        owner.execute("ANALYZE")
    direct = """SELECT id FROM "Contact" WHERE to_tsvector('english'::regconfig, name || ' ' || coalesce(email, ''))
                @@ websearch_to_tsquery('english'::regconfig, %s)"""
    with two.connect(two.service, "north") as connection:
        word = "c4ca4238a0b923820dcc509a6f75849b"
        by_function = best(connection, "SELECT payaid.contact_search(%s, 50) AS id", word)
        by_policy = best(connection, direct, word)
    assert by_function < by_policy / 3, (
        f"{by_function * 1000:.1f} ms, and {by_policy * 1000:.1f} ms without the function"
    )


def best(connection: "psycopg.Connection[Any]", query: str, word: str) -> float:
    took = []
    for _ in range(3):
        started = time.perf_counter()
        assert connection.execute(query.encode(), (word,)).fetchall()
        took.append(time.perf_counter() - started)
    return min(took)
