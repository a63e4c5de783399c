"""What a declaration means, found out without making anything: for standbys and for roles that may only read.

Columns, operator classes and collations are looked up in the catalogue. Expressions, on both sides, are put into
Postgres' own words by EXPLAIN (VERBOSE), which writes them with the same code that pg_get_indexdef() uses and
needs no more than SELECT on the table.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import class_row

from payaidctl.indexes.actual import Catalogue, Index, Table
from payaidctl.indexes.declared import Declaration, quote, unquote
from payaidctl.indexes.definition import Definition, Key, Refusal
from payaidctl.indexes.syntax import KeyText, Parts, split

COLUMNS = """
SELECT a.attname::text AS name, quote_ident(a.attname) AS quoted, a.atttypid::int8 AS type,
       a.attcollation::int8 AS collation
FROM pg_attribute a WHERE a.attrelid = %(table)s AND a.attnum > 0 AND NOT a.attisdropped
"""

# The rule of GetDefaultOpClass: the type's own class, else that of a type it is the same bytes as, else by kind.
OPCLASS = """
SELECT oc.oid::int8, oc.opcname::text
FROM pg_opclass oc JOIN pg_am am ON am.oid = oc.opcmethod
CROSS JOIN (SELECT oid, typtype, typelem, typlen, CASE WHEN typtype = 'd' THEN typbasetype ELSE oid END AS base
            FROM pg_type WHERE oid = %(type)s::oid) t
WHERE am.amname = %(method)s
  AND CASE WHEN %(opclass)s <> '' THEN oc.opcname = %(opclass)s ELSE oc.opcdefault END
  AND (%(opclass)s <> '' OR oc.opcintype IN (t.base, t.oid)
       OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = t.base AND c.casttarget = oc.opcintype
                  AND c.castmethod = 'b' AND c.castcontext = 'i')
       OR (oc.opcintype = 'anyarray'::regtype AND t.typelem <> 0 AND t.typlen = -1)
       OR (oc.opcintype = 'anyenum'::regtype AND t.typtype = 'e')
       OR (oc.opcintype = 'anyrange'::regtype AND t.typtype = 'r')
       OR (oc.opcintype = 'anymultirange'::regtype AND t.typtype = 'm'))
ORDER BY oc.opcintype IN (t.base, t.oid) DESC, pg_opclass_is_visible(oc.oid) DESC,
         EXISTS (SELECT FROM pg_type p WHERE p.oid = oc.opcintype AND p.typispreferred) DESC
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Column:
    """What a bare column means as a key."""

    name: str
    quoted: str
    type: int
    collation: int


class Unreadable(Exception):
    """A declaration that cannot be resolved here; carries the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(code, message)


async def read(
    connection: AsyncConnection[Any], declared: Sequence[Declaration], catalogue: Catalogue
) -> tuple[dict[str, Definition | Refusal], Catalogue]:
    """The declarations' meanings, and the catalogue with its expressions in the same words."""
    meanings: dict[str, Definition | Refusal] = {}
    restated = {index.oid: index for index in catalogue.indexes}
    for table in catalogue.tables.values():
        here = [one for one in declared if one.table == table.name]
        if here:
            words = Words(connection, table)
            for one in here:
                meanings[one.name] = await _meaning(connection, words, one)
            for index in catalogue.on(table.oid):
                restated[index.oid] = await _restate(words, index)
    return meanings, replace(catalogue, indexes=tuple(restated.values()))


class Words:
    """Puts the expressions of one table into Postgres' own words; each distinct one is asked once."""

    def __init__(self, connection: AsyncConnection[Any], table: Table) -> None:
        self.connection = connection
        self.table = table
        self.relation = f"{quote(table.schema)}.{quote(table.name)}"
        self.known: dict[str, str] = {}

    async def of(self, expression: str) -> str:
        """The expression as Postgres writes it in a plan's output list."""
        if expression not in self.known:
            plan = await self._select(f"({expression})", self.relation, "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON)")
            self.known[expression] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Output"][0]
        return self.known[expression]

    async def type_of(self, expression: str) -> tuple[int, int]:
        """The expression's type and collation, from one row of nulls: no row of the table is read."""
        source = f"(SELECT (NULL::{self.relation}).*) AS {quote(self.table.name)}"
        kind = await self._select(f"pg_typeof({expression})::oid::int8", source)
        if not await self._select("typcollation <> 0", f"pg_type WHERE oid = {kind}"):
            return kind, 0
        return kind, await self._select(f"pg_collation_for({expression})::regcollation::oid::int8", source) or 0

    async def _select(self, what: str, source: str, before: str = "") -> Any:
        """One value. The text is a declaration's or the catalogue's own, which an operator may run anyway."""
        query = f"{before} SELECT {what} FROM {source}"  # noqa: S608
        try:
            async with self.connection.transaction():
                cursor = await self.connection.execute(query.encode())
                row = await cursor.fetchone()
        except (errors.LockNotAvailable, errors.QueryCanceled):
            raise
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise
            raise Unreadable(error.sqlstate, error.diag.message_primary or str(error)) from error
        return row[0] if row else None


async def _meaning(connection: AsyncConnection[Any], words: Words, declared: Declaration) -> Definition | Refusal:
    parts = split(declared.definition)
    async with connection.cursor(row_factory=class_row(Column)) as cursor:
        await cursor.execute(COLUMNS, {"table": words.table.oid})
        columns = {column.name: column for column in await cursor.fetchall()}
    try:
        return Definition(
            method=parts.method,
            keys=tuple([await _key(connection, words, columns, parts, key) for key in parts.keys]),
            include=frozenset(_column(columns, text).quoted for text in parts.include),
            unique=declared.unique,
            nulls_not_distinct=parts.nulls_not_distinct,
            predicate=await words.of(parts.predicate) if parts.predicate else "",
        )
    except Unreadable as error:
        return error.refusal


async def _key(
    connection: AsyncConnection[Any], words: Words, columns: dict[str, Column], parts: Parts, key: KeyText
) -> Key:
    if key.is_column:
        column = _column(columns, key.text)
        text, kind, collation = column.quoted, column.type, column.collation
    else:
        text = await words.of(key.text)
        kind, collation = await words.type_of(key.text)
    if key.collation:
        collation = await _collation(connection, key.collation)
    name = unquote(key.opclass.rpartition(".")[2]) if key.opclass else ""
    found = await connection.execute(OPCLASS, {"type": kind, "method": parts.method, "opclass": name})
    row = await found.fetchone()
    if row is None:
        what = f"operator class {key.opclass!r}" if key.opclass else f"default operator class for {text}"
        raise Unreadable("42704", f"{what} does not exist for access method {parts.method}")
    return Key(
        text=text,
        opclass=row[0],
        collation=collation,
        descending=key.descending,
        nulls_first=key.descending if key.nulls_first is None else key.nulls_first,
        options=key.options,
        opclass_name=row[1],
        collation_name=key.collation or "the column's",
    )


async def _collation(connection: AsyncConnection[Any], name: str) -> int:
    cursor = await connection.execute("SELECT to_regcollation(%s)::oid::int8", [name])
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        raise Unreadable("42704", f"collation {name} does not exist")
    return int(row[0])


def _column(columns: dict[str, Column], text: str) -> Column:
    name = unquote(text)
    if name not in columns:
        raise Unreadable("42703", f'column "{name}" does not exist')
    return columns[name]


async def _restate(words: Words, index: Index) -> Index:
    """The index with its expressions and predicate in the same words as the declarations'."""
    definition = index.definition
    try:
        keys = tuple([
            replace(key, text=await words.of(key.text)) if key.is_expression else key
            for key in definition.keys
        ])  # fmt: skip
        predicate = await words.of(definition.predicate) if definition.predicate else ""
    except Unreadable:
        return index  # we may not read the table: then no declared expression could be read either
    return replace(index, definition=replace(definition, keys=keys, predicate=predicate))
