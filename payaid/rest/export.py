"""The query of an export: every row that the filters let through, as the cells of a table or as JSON.

It runs inside a transaction that carries the tenant setting, and names the tenant besides. COPY takes no parameters,
so psycopg writes the values into the text, as literals quoted by libpq; nothing is put together by hand.
"""

import re
from typing import Any, NamedTuple

from psycopg import sql

from payaid.catalogue import Field, Kind, Resource
from payaid.rest.request import Filter
from payaid.rest.statement import condition, filter_params, item_columns

# What a spreadsheet takes for a formula, and would run. An apostrophe in front makes it text; one that is there
# already gets another, so that what an import takes away is what an export has added.
FORMULA = "^'*[=+@\t\r-]"
RUNS, GUARDED = re.compile(FORMULA), re.compile("'" + FORMULA[1:])
# JSON has no control characters outside its escapes, so as a CSV of one column, quoted and separated by two of
# those, a row's text comes as it is: the text format of COPY would double its backslashes.
RAW_ROWS = sql.SQL("FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'")
TABLE = sql.SQL("FORMAT csv, HEADER")


class Export(NamedTuple):
    """Two statements over one set of parameters: how many rows, and the rows."""

    counting: sql.Composed
    copy: sql.Composed
    params: dict[str, Any]


def export(
    resource: Resource, tenant: str, filters: tuple[Filter, ...], columns: tuple[str, ...] | None, *, json: bool
) -> Export:
    """Render one. `columns` none: all, with the lines of each row."""
    where = sql.SQL(" AND ").join(
        [
            sql.SQL('t."tenantId" = %(tenant)s'),
            *(condition(resource, index, one.column, one.operator, one.value) for index, one in enumerate(filters)),
        ]
    )
    scope = sql.SQL("FROM {} t WHERE {}").format(sql.Identifier(resource.table), where)
    # The order of lists, which an index serves: no sorting of a million rows.
    rows = sql.SQL('SELECT {} {} ORDER BY t."createdAt" DESC, t.id DESC').format(
        _all(resource, columns) if json else _cells(resource, columns), scope
    )
    if json:
        rows = sql.SQL("SELECT row_to_json(r)::text FROM ({}) r").format(rows)
    copy = sql.SQL("COPY ({}) TO STDOUT ({})").format(rows, RAW_ROWS if json else TABLE)
    return Export(sql.SQL("SELECT count(*) {}").format(scope), copy, {"tenant": tenant, **filter_params(filters)})


def unguarded(cell: str) -> str:
    """A cell's text without the apostrophe that guards it."""
    return cell[1:] if GUARDED.match(cell) else cell


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{cell}" if RUNS.match(cell) else cell


def _all(resource: Resource, columns: tuple[str, ...] | None) -> sql.Composable:
    if columns is None:
        return item_columns(resource, sql.SQL("%(tenant)s"))
    return sql.SQL(", ").join(sql.Identifier("t", name) for name in columns)


def _cells(resource: Resource, columns: tuple[str, ...] | None) -> sql.Composable:
    named = [_cell(resource.columns[name]) for name in columns or resource.columns]
    if columns is None and resource.lines:
        whole = sql.SQL("(SELECT row_to_json(i) -> {} FROM (SELECT {}) i)::text AS {}")
        lines = resource.lines.field
        named.append(
            whole.format(sql.Literal(lines), item_columns(resource, sql.SQL("%(tenant)s")), sql.Identifier(lines))
        )
    return sql.SQL(", ").join(named)


def _cell(one: Field) -> sql.Composable:
    """A column as a cell, readable for an import; text that a spreadsheet would run gets an apostrophe in front."""
    name = sql.Identifier("t", one.name)
    match one.kind:
        case Kind.INSTANT:
            cell = sql.SQL("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')").format(name)
        case Kind.TAGS:
            cell = _safe(sql.SQL("array_to_string({}, ';')").format(name))
        case Kind.MONEY | Kind.NUMBER | Kind.INTEGER | Kind.BOOLEAN | Kind.DATE | Kind.LINES:
            cell = sql.SQL("{}::text").format(name)
        case _:
            cell = _safe(name)
    return sql.SQL("{} AS {}").format(cell, sql.Identifier(one.name))


def _safe(text: sql.Composable) -> sql.Composed:
    return sql.SQL("CASE WHEN {text} ~ {formula} THEN '''' || {text} ELSE {text} END").format(
        text=text, formula=sql.Literal(FORMULA)
    )
