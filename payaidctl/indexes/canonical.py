"""What a declaration means, in Postgres' own words: built on an empty copy, read back, rolled back.

One round trip makes all copies and all indexes (temporary, without rows, so it takes milliseconds and blocks
nobody); a declaration that Postgres refuses says why. Where temporary tables are not allowed (a standby, a role
without TEMP), `structural` reads the declaration instead.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, errors

from payaidctl.indexes import actual, structural
from payaidctl.indexes.actual import Catalogue, Index, Table
from payaidctl.indexes.declared import Declaration, quote, render
from payaidctl.indexes.definition import Definition, Refusal
from payaidctl.indexes.session import bounded

BUILD = """
DO $payaid$
DECLARE
    one record;
    refused jsonb := '[]';
BEGIN
    FOR one IN SELECT * FROM jsonb_to_recordset(current_setting('payaid.declared')::jsonb)
                        AS x(name text, source text, copy text, statement text) LOOP
        BEGIN
            IF to_regclass('pg_temp.' || one.copy) IS NULL THEN
                EXECUTE format('CREATE TEMPORARY TABLE %I (LIKE %s)', one.copy, one.source);
            END IF;
            EXECUTE one.statement;
        EXCEPTION WHEN others THEN
            refused := refused || jsonb_build_object('name', one.name, 'code', SQLSTATE, 'message', SQLERRM);
        END;
    END LOOP;
    PERFORM set_config('payaid.refused', refused::text, true);
END
$payaid$
"""

# Our own functions and extensions may live in any schema; a declaration names them without one.
SEARCH_PATH = """
SELECT set_config('search_path', concat_ws(', ', quote_ident(%(schema)s),
       nullif(current_setting('search_path'), ''),
       (SELECT string_agg(DISTINCT quote_ident(n.nspname), ', ')
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE n.nspname <> 'pg_catalog')), true)
"""

COPIES = """
SELECT relname::text, oid::int8 FROM pg_class
WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND relname ~ '^payaid_copy_[0-9]+$'
"""

# What Postgres says when it is the temporary table that it will not have, and not the index.
NO_COPIES = frozenset({"42501", "25006", "0A000", "25P01", "53100"})


@dataclass(frozen=True, slots=True)
class Canonical:
    """What each declaration means here, the catalogue in the same terms, and how it was found out."""

    meanings: Mapping[str, Definition | Refusal]
    catalogue: Catalogue
    how: str


async def read(
    connection: AsyncConnection[Any], declared: Sequence[Declaration], schema: str, *, copies: bool = True
) -> Canonical:
    """Read the catalogue and what the declarations mean, under one search_path, in a transaction that leaves nothing.

    `copies=False` does without temporary tables from the start.
    """
    async with bounded(connection):
        await connection.execute(SEARCH_PATH, {"schema": schema})
        tables = sorted({one.table for one in declared})
        catalogue = await actual.read(connection, tables, [one.name for one in declared], schema)
        here = [one for one in declared if _indexable(catalogue, one)]
        if copies and (meanings := await _by_copies(connection, here, catalogue)) is not None:
            return Canonical(meanings, catalogue, "canonicalised by Postgres on an empty copy")
        meanings, restated = await structural.read(connection, here, catalogue)
        return Canonical(meanings, restated, "compared structurally, without temporary tables")


def _indexable(catalogue: Catalogue, declared: Declaration) -> bool:
    table = catalogue.tables.get(declared.table)
    return table is not None and table.indexable


async def _by_copies(
    connection: AsyncConnection[Any], declared: Sequence[Declaration], catalogue: Catalogue
) -> dict[str, Definition | Refusal] | None:
    """The meanings, or None where temporary tables cannot be made."""
    tables = sorted({one.table for one in declared})
    copies = {table: f"payaid_copy_{number}" for number, table in enumerate(tables)}
    orders = [
        {
            "name": one.name,
            "source": qualified(catalogue.tables[one.table]),
            "copy": copies[one.table],
            "statement": render(one, table=f"pg_temp.{copies[one.table]}"),
        }
        for one in declared
    ]
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('payaid.declared', %s, true)", [json.dumps(orders)])
            await connection.execute(BUILD)
            refused = await _refused(connection)
            made = await _made(connection)
    except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction, errors.FeatureNotSupported):
        return None
    if declared and len(refused) == len(declared) and all(one.code in NO_COPIES for one in refused.values()):
        return None
    return {one.name: refused.get(one.name) or made[one.name].definition for one in declared}


async def _refused(connection: AsyncConnection[Any]) -> dict[str, Refusal]:
    cursor = await connection.execute("SELECT current_setting('payaid.refused')")
    row = await cursor.fetchone()
    refused = json.loads(row[0]) if row else []
    return {one["name"]: Refusal(one["code"], one["message"]) for one in refused}


async def _made(connection: AsyncConnection[Any]) -> dict[str, Index]:
    cursor = await connection.execute(COPIES)
    oids = [oid for _, oid in await cursor.fetchall()]
    return {index.name: index for index in await actual.indexes(connection, oids)}


def qualified(table: Table) -> str:
    """The table's name as SQL text, with its schema."""
    return f"{quote(table.schema)}.{quote(table.name)}"
