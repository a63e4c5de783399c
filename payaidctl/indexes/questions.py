"""What an index is asked to serve: the service's own statement, with values from a real row.

A search goes through a definer function, whose inner query is what must be served: it is taken from the function's
source, with its constants computed as the function computes them. Databases without our columns or functions are
asked the declaration's `probe`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote as percent

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from payaid.errors import PayaidError
from payaid.rest.serves import read_statement
from payaidctl.indexes.actual import Table
from payaidctl.indexes.declared import PLACEHOLDER, Declaration, quote

# Below this, a sequential scan is right whatever indexes there are, and a plan says nothing.
FEW_ROWS = 100
SAMPLE_ROWS = 1000
SEARCH_CAP = "1001"

DEFINER = re.compile(r"\(SELECT ([a-z_]+\.[a-z_]+)\(%\(q\)s")
CONSTANT = re.compile(r"^\s*(\w+)\s+constant\s+([\w\[\]. ]+?)\s*:=\s*(.+?);", re.MULTILINE | re.DOTALL)
RETURNED = re.compile(r"RETURN\s+QUERY\s+(.+?);", re.DOTALL)
COMMENT = re.compile(r"--[^\n]*")

LARGEST_TENANT = """
SELECT (most_common_vals::text::text[])[1] FROM pg_stats
WHERE schemaname = %(schema)s AND tablename = %(table)s AND attname = 'tenantId'
"""
# By the catalogue, which everybody may read: to_regproc is an error for a role that may not use the schema.
SOURCE = """
SELECT p.prosrc, p.proargnames FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname || '.' || p.proname = %(name)s
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A statement to explain. `definer`: it runs as the function's owner, so row-level security does not matter."""

    sql: str
    params: Mapping[str, Any]
    origin: str
    definer: bool = False


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """Why nothing can be asked, and what helps."""

    reason: str
    remedy: str


async def question(
    connection: AsyncConnection[Any], declared: Declaration, table: Table, schema: str
) -> Question | Unanswerable:
    """The statement for one index. `connection` sees the data: a role under row-level security sees none."""
    name = quote(table.name)
    if table.rows < 0:
        return Unanswerable(f"{name} was never analysed", f"ANALYZE {quote(schema)}.{name};")
    if table.rows < FEW_ROWS:
        rows = f"{table.rows:.0f}"
        return Unanswerable(f"{name} is nearly empty ({rows} rows)", "`payaidctl seed`, or look at a database in use")
    try:
        values = await _values(connection, declared, table)
    except psycopg.errors.InsufficientPrivilege as error:
        return Unanswerable(f"{name} cannot be read: {error.diag.message_primary}", f"GRANT SELECT ON {name}")
    if values is None:
        remedy = "use a role that sees all tenants (the owner), or seed"
        return Unanswerable(
            f"no row of {name} has a value for every parameter, or row-level security hides them", remedy
        )
    text = PLACEHOLDER.sub(r"%(\1)s", declared.probe.replace("%", "%%"))
    # A probe names its tenant itself; the walls would only add conditions that the service's statement has not.
    probe = Question(text, values, "the declaration's probe", definer=True)
    if "tenantId" not in values:
        return probe
    return await _of_the_service(connection, declared, values) or probe


async def _of_the_service(
    connection: AsyncConnection[Any], declared: Declaration, values: Mapping[str, Any]
) -> Question | None:
    """The service's statement, where the database has what it reads; None where the probe must do."""
    request = PLACEHOLDER.sub(lambda place: percent(str(values[place[1]]), safe=""), declared.serves)
    try:
        found = read_statement(request, tenant_id=values["tenantId"])
    except (LookupError, PayaidError):
        return None
    asked = Question(found.sql, found.params, "the service's statement")
    if function := DEFINER.search(found.sql):
        return await _inner(connection, function[1], asked)
    return asked if await _parses(connection, asked) else None


async def _parses(connection: AsyncConnection[Any], asked: Question) -> bool:
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(b"EXPLAIN " + asked.sql.encode(), asked.params)
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction):
        return False
    except psycopg.errors.InsufficientPrivilege:
        return True  # this role may not, the service's may
    return True


async def _inner(connection: AsyncConnection[Any], function: str, asked: Question) -> Question | None:
    """The query inside a definer function, with the constants that it would have for these parameters."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SOURCE, {"name": function})
        row = await cursor.fetchone()
    if row is None:
        return None
    source = COMMENT.sub("", row["prosrc"])
    returned = RETURNED.search(source)
    text = " ".join((returned[1] if returned else source).split())
    # The two arguments: what was typed, and how many ids at most.
    known = dict(zip(row["proargnames"] or (), (_literal(asked.params["q"]), SEARCH_CAP), strict=False))
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute("SELECT set_config('payaid.tenant_id', %s, true)", [asked.params["tenant"]])
            for name, kind, expression in CONSTANT.findall(source):
                value = await _computed(connection, substitute(expression, known))
                known[name] = f"{_literal(value)}::{kind}"
    except psycopg.errors.InsufficientPrivilege:
        return None
    inner = substitute(text, known).replace("%", "%%").replace("public.", "")
    return Question(inner, {}, f"the query inside {function}", definer=True)


async def _computed(connection: AsyncConnection[Any], expression: str) -> str:
    cursor = await connection.execute(f"SELECT ({expression})::text".encode())
    row = await cursor.fetchone()
    return str(row[0]) if row else ""


def substitute(text: str, known: Mapping[str, str]) -> str:
    """Put values in the place of plpgsql's variables: bare words that are neither qualified nor called. Pure."""
    if not known:
        return text
    words = "|".join(map(re.escape, known))
    pattern = re.compile(rf"""('(?:[^']|'')*'|"[^"]*")|(?<![.\w])({words})(?![\w(.])""")
    return pattern.sub(lambda found: found[1] or known[found[2]], text)


async def _values(connection: AsyncConnection[Any], declared: Declaration, table: Table) -> dict[str, Any] | None:
    """Values that occur together in the largest tenant, the commonest of a sample; None where there are none."""
    wanted = set(PLACEHOLDER.findall(declared.serves + declared.probe)) & set(table.columns)
    columns = sorted(wanted | ({"tenantId"} & set(table.columns)))
    if not columns:
        return {}
    conditions = [f"{quote(column)} IS NOT NULL" for column in columns]
    params: dict[str, Any] = {}
    if "tenantId" in columns:
        cursor = await connection.execute(LARGEST_TENANT, {"schema": table.schema, "table": table.name})
        row = await cursor.fetchone()
        if row and row[0]:
            conditions.append('"tenantId" = %(tenant)s')
            params["tenant"] = row[0]
    names = ", ".join(map(quote, columns))
    relation = f"{quote(table.schema)}.{quote(table.name)}"
    source = f"SELECT {names} FROM {relation} WHERE {' AND '.join(conditions)} LIMIT {SAMPLE_ROWS}"  # noqa: S608
    commonest = f"SELECT {names} FROM ({source}) sample GROUP BY {names} ORDER BY count(*) DESC LIMIT 1"  # noqa: S608
    async with connection.cursor(row_factory=dict_row) as rows:
        await rows.execute(commonest.encode(), params or None)
        return await rows.fetchone()


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
