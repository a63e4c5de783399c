"""From a plan to one SQL statement that answers it whole, inside the tenant's walls.

Every statement that this module can make has one shape, and the shape is what makes row-level security both right
and free through transaction pooling:

    WITH tenant AS MATERIALIZED (SELECT set_config('payaid.tenant_id', $1, true) AS id)
    SELECT ( <scalar subquery: every table compared with tenant.id> ) FROM tenant

The outer FROM reads `tenant` and nothing else; every table sits in the scalar subquery; one tenant a statement.
tests/rest/test_statement_shape.py parses whatever is rendered here and refuses the neighbours of that shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import sql

from payaid.catalogue import Resource
from payaid.rest.plan import ItemPlan, ListPlan, Plan, SummaryPlan
from payaid.rest.request import Filter
from payaid.rest.statement_summary import summary_body

_SHELL = sql.SQL(
    "WITH tenant AS MATERIALIZED (SELECT set_config('payaid.tenant_id', %(tenant)s, true) AS id) "
    "SELECT ({body}) FROM tenant"
)
# The first line of a page is the key of its last row if more rows follow; then the rows, separated by commas.
PAGE = sql.SQL(
    "SELECT coalesce(CASE WHEN count(*) > %(limit)s THEN max(p.k) FILTER (WHERE p.n = %(limit)s) END, '')"
    " || E'\\n' || coalesce(string_agg(p.j, ',' ORDER BY p.n) FILTER (WHERE p.n <= %(limit)s), '')"
    " FROM (SELECT row_number() OVER (ORDER BY {order}) AS n, json_build_array({key})::text AS k,"
    " row_to_json(r)::text AS j FROM ({rows}) r) p"
)
# A search is among the newest so many matches; a `+` in front of the page says that there are more.
MOST_MATCHES = 1000
MATCHED = sql.SQL(
    "SELECT CASE WHEN cardinality(m.ids) > {most} THEN '+' ELSE '' END || ({page})"
    " FROM (SELECT ARRAY(SELECT {search}(%(q)s, {most} + 1)) AS ids) m"
)


# Between the answers of several reads in one statement.
SEPARATOR = b"\x1e"


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with named parameters, for exactly one tenant. Answers one text value, or null for "no such thing"."""

    sql: str
    params: dict[str, Any]

    def __post_init__(self) -> None:
        """There is no statement without a tenant."""
        if not self.params.get("tenant"):
            raise ValueError("a statement needs a tenant")


def shell(body: sql.Composable) -> str:
    """The one shape, round a scalar subquery."""
    return _SHELL.format(body=body).as_string(None)


def statement(planned: Plan) -> Statement:
    """Render a plan. The text depends on the plan's shape alone, and is made once a shape."""
    match planned:
        case ListPlan():
            return _list(planned)
        case ItemPlan():
            text = _item_text(planned.resource)
            return Statement(text, {"tenant": planned.tenant, "id": planned.id})
        case SummaryPlan():
            text = _summary_text(planned.summary.path, planned.blocks, bool(planned.user))
            return Statement(text, {"tenant": planned.tenant, "user": planned.user})


def together(statements: Sequence[Statement]) -> Statement:
    """Several reads of one tenant as one statement: their answers in order, each ended by SEPARATOR.

    Still one shape: every table sits in a scalar subquery of the one target.

    Raises:
        ValueError: they are not of one tenant.
    """
    params: dict[str, Any] = {"tenant": statements[0].params["tenant"]}
    for index, one in enumerate(statements):
        if one.params["tenant"] != params["tenant"]:
            raise ValueError("a statement has one tenant")
        params |= {f"s{index}_{name}": value for name, value in one.params.items() if name != "tenant"}
    return Statement(_together(tuple(one.sql for one in statements)), params)


@lru_cache(maxsize=512)
def _together(texts: tuple[str, ...]) -> str:
    before, _, after = _SHELL.format(body=sql.SQL("\0")).as_string(None).partition("\0")
    bodies = (
        text.removeprefix(before).removesuffix(after).replace("%(", f"%(s{index}_") for index, text in enumerate(texts)
    )
    # JSON holds no bare control character, so this one can stand between texts of it.
    joined = " || ".join(f"coalesce(({body}), '') || E'\\x1e'" for body in bodies)
    return f"{before}SELECT {joined}{after}"


def _list(planned: ListPlan) -> Statement:
    query = planned.query
    params: dict[str, Any] = {"tenant": planned.tenant, "limit": query.limit}
    if query.offset:
        params["offset"] = query.offset
    params |= filter_params(query.filters)
    if query.search:
        params["q"] = query.search
    if planned.parent:
        params["parent"] = planned.parent_id
    nulls: tuple[bool, ...] = ()
    if query.after is not None:
        nulls = tuple(value is None for value in query.after)
        params |= {f"a{index}": str(value) for index, value in enumerate(query.after) if value is not None}
    shape = tuple((one.column, one.operator, one.value if one.operator == "null" else None) for one in query.filters)
    text = _list_text(
        planned.resource, query.columns, shape, query.order, nulls,
        bool(query.offset), bool(query.search), planned.parent, planned.parent_column,
    )  # fmt: skip
    return Statement(text, params)


def filter_params(filters: tuple[Filter, ...]) -> dict[str, Any]:
    """The parameters of `condition`s, by the filters' places."""
    return {
        f"f{index}": list(one.value) if one.operator == "any" else one.value
        for index, one in enumerate(filters)
        if one.operator != "null"
    }


@lru_cache(maxsize=4096)
def _list_text(
    resource: Resource,
    columns: tuple[str, ...],
    filters: tuple[tuple[str, str, Any], ...],
    order: tuple[tuple[str, bool], ...],
    nulls: tuple[bool, ...],
    offset: bool,
    searching: bool,
    parent: Resource | None,
    parent_column: str,
) -> str:
    where: list[sql.Composable] = [sql.SQL('t."tenantId" = tenant.id')]
    where += [condition(resource, index, *one) for index, one in enumerate(filters)]
    if searching:
        where.append(sql.SQL("t.id = ANY((m.ids)[:{}])").format(sql.Literal(MOST_MATCHES)))
    if parent:
        where.append(sql.SQL("t.{} = %(parent)s").format(sql.Identifier(parent_column)))
    if nulls:
        where.append(keyset(resource, order, nulls))
    rows = sql.SQL('SELECT {columns} FROM {table} t WHERE {where} ORDER BY {order} LIMIT %(limit)s + 1{offset}').format(
        columns=_columns("t", columns),
        table=sql.Identifier(resource.table),
        where=sql.SQL(" AND ").join(where),
        order=_order("t", order),
        offset=sql.SQL(" OFFSET %(offset)s" if offset else ""),
    )  # fmt: skip
    page = PAGE.format(order=_order("r", order), key=_columns("r", [name for name, _ in order]), rows=rows)
    if searching:
        page = MATCHED.format(page=page, search=sql.SQL(resource.search), most=sql.Literal(MOST_MATCHES))
    if parent:
        page = sql.SQL(
            'SELECT CASE WHEN EXISTS (SELECT 1 FROM {} t WHERE t."tenantId" = tenant.id AND t.id = %(parent)s)'
            " THEN ({}) END"
        ).format(sql.Identifier(parent.table), page)
    return shell(page)


@lru_cache(maxsize=512)
def _item_text(resource: Resource) -> str:
    body = sql.SQL(
        'SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table} t WHERE t."tenantId" = tenant.id'
        " AND t.id = %(id)s) r"
    ).format(columns=item_columns(resource, sql.SQL("tenant.id")), table=sql.Identifier(resource.table))
    return shell(body)


def item_columns(resource: Resource, tenant: sql.Composable) -> sql.Composed:
    """What a detail shows of the row `t`: its columns and its lines, in the order in which they were given."""
    columns = _columns("t", resource.columns)
    if lines := resource.lines:
        below = sql.SQL(
            "(SELECT coalesce(json_agg((SELECT row_to_json(l) FROM (SELECT {columns}) l)"
            " ORDER BY c.\"createdAt\", c.id), '[]') FROM {table} c"
            ' WHERE c."tenantId" = {tenant} AND c.{parent} = t.id) AS {name}'
        ).format(
            columns=_columns("c", ["id", *(one.name for one in lines.fields)]),
            table=sql.Identifier(lines.table),
            tenant=tenant,
            parent=sql.Identifier(lines.parent),
            name=sql.Identifier(lines.field),
        )
        return sql.SQL(", ").join([columns, below])
    return columns


@lru_cache(maxsize=512)
def _summary_text(path: str, blocks: tuple[str, ...], personal: bool) -> str:
    return shell(summary_body(path, blocks, personal))


def condition(resource: Resource, index: int, column: str, operator: str, value: Any) -> sql.Composable:
    """One filter of a list or an export; its value is the parameter f{index}."""
    name = sql.Identifier("t", column)
    cast = sql.SQL(resource.columns[column].sql_type)
    place = sql.Placeholder(f"f{index}")
    match operator:
        case "null":
            return sql.SQL("{} IS NULL" if value else "{} IS NOT NULL").format(name)
        case "any":
            return sql.SQL("{} = ANY({}::{}[])").format(name, place, cast)
        case "=" if resource.columns[column].sql_type == "text[]":
            return sql.SQL("{} @> ARRAY[{}]::text[]").format(name, place)
        case _:
            return sql.SQL("{} {} {}::{}").format(name, sql.SQL(operator), place, cast)


def keyset(resource: Resource, order: tuple[tuple[str, bool], ...], nulls: tuple[bool, ...]) -> sql.Composable:
    """Rows behind the key, in Postgres' own order of nulls (last ascending, first descending) so indexes serve it."""
    (column, descending), _ = order
    name = sql.Identifier("t", column)
    beyond = sql.SQL("<" if descending else ">")
    value = sql.SQL("%(a0)s::{}").format(sql.SQL(resource.columns[column].sql_type))
    if not resource.columns[column].nullable:
        return sql.SQL("({}, t.id) {} ({}, %(a1)s)").format(name, beyond, value)
    behind = sql.SQL("({n} {b} {v} OR ({n} = {v} AND t.id {b} %(a1)s))").format(n=name, b=beyond, v=value)
    if nulls[0]:
        same = sql.SQL("({n} IS NULL AND t.id {b} %(a1)s)").format(n=name, b=beyond)
        return sql.SQL("({} OR {} IS NOT NULL)").format(same, name) if descending else same
    return behind if descending else sql.SQL("({} OR {} IS NULL)").format(behind, name)


def _columns(alias: str, names: Any) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in names)


def _order(alias: str, order: tuple[tuple[str, bool], ...]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{} DESC" if descending else "{}").format(sql.Identifier(alias, name)) for name, descending in order
    )
