"""The shape that makes row-level security right through transaction pooling, as a judge of SQL text.

`faults(sql)` lists what is wrong with a statement; a statement of the one safe shape has no fault:

    WITH tenant AS MATERIALIZED (SELECT set_config('payaid.tenant_id', $1, true) AS id)
    SELECT ( <scalar subquery: every table compared with tenant.id at its own level> ) FROM tenant

Its neighbours returned missing or foreign rows on PostgreSQL 15 and 18, so the judge knows no exception.
"""

import re
from collections.abc import Iterator
from typing import Any

from pglast import parse_sql

from payaid.resources import catalogue

Node = dict[str, Any]
TENANT = "tenant"
# What names the tenant in a table; everywhere else it is "tenantId".
TENANT_COLUMN = {"Tenant": "id"}
WRITING = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"}
# Beside its target, an outer SELECT has nothing that could multiply, drop or lock rows.
OUTER = {"@", "targetList", "fromClause", "withClause", "groupDistinct", "limitOption", "op", "all"}


def numbered(text: str) -> str:
    """The statement as PostgreSQL is sent it: `$1` for `%(name)s`."""
    names: dict[str, int] = {}
    found = re.sub(r"%\((\w+)\)s", lambda one: f"${names.setdefault(one[1], len(names) + 1)}", text)
    return found.replace("%%", "%")


def faults(text: str) -> list[str]:
    """Everything about a statement's shape that could show a foreign row, or hide one's own."""
    statements = parse_sql(numbered(text))
    if len(statements) != 1:
        return [f"{len(statements)} statements in one"]
    outer: Node = statements[0].stmt(skip_none=True)
    if outer["@"] != "SelectStmt":
        return [f"a {outer['@']}, not a SELECT"]
    return [*_outer(outer), *_cte(outer), *_everywhere(outer), *_body(outer)]


def _outer(outer: Node) -> Iterator[str]:
    if outer.keys() - OUTER:
        yield f"the outer SELECT has {', '.join(sorted(outer.keys() - OUTER))}"
    sources = outer.get("fromClause", ())
    if len(sources) != 1 or not _is_tenant(sources[0]) or "alias" in sources[0]:
        yield "the outer FROM reads more than `tenant`"
    targets = outer.get("targetList", ())
    if len(targets) != 1 or targets[0]["val"].get("subLinkType", {}).get("name") != "EXPR_SUBLINK":
        yield "the target is not one scalar subquery"


def _cte(outer: Node) -> Iterator[str]:
    clause = outer.get("withClause", {})
    ctes = clause.get("ctes", ())
    if len(ctes) != 1 or ctes[0]["ctename"] != TENANT or clause["recursive"]:
        yield f"{len(ctes)} CTEs, and not `tenant` alone"
        return
    if ctes[0]["ctematerialized"]["name"] != "CTEMaterializeAlways":
        yield "the CTE is not MATERIALIZED"
    query = ctes[0]["ctequery"]
    made = query.get("targetList", ())
    if query["@"] != "SelectStmt" or query.keys() - (OUTER - {"fromClause", "withClause"}) or len(made) != 1:
        yield "the CTE does more than set the tenant"
        return
    call = made[0]["val"]
    if made[0].get("name") != "id" or call["@"] != "FuncCall" or _name(call["funcname"]) != "set_config":
        yield "the CTE is not `set_config(...) AS id`"
        return
    setting, value, local = call["args"]
    if setting.get("val", {}).get("sval") != "payaid.tenant_id" or value["@"] != "ParamRef":
        yield "set_config does not set payaid.tenant_id to a parameter"
    if local.get("val", {}).get("boolval") is not True:
        yield "set_config outlives the statement"


def _everywhere(outer: Node) -> Iterator[str]:
    known = {one.search for one in catalogue().resources if one.search} | {"pg_catalog.timezone"}
    calls = 0
    for node in _nodes(outer):
        kind = node["@"]
        if kind in WRITING:
            yield f"a {kind}"
        elif kind == "SelectStmt":
            if node["op"]["name"] != "SETOP_NONE":
                yield f"a set operation: {node['op']['name']}"
            if "withClause" in node and node is not outer:
                yield "a second WITH"
            if node.keys() & {"lockingClause", "intoClause"}:
                yield "a SELECT that locks or makes"
        elif kind == "FuncCall":
            name = _name(node["funcname"])
            calls += name.endswith("set_config")
            if "." in name and name not in known:
                yield f"a call of {name}, which nobody declared"
        elif kind == "RangeFunction":
            yield "a function in FROM"
    if calls != 1:
        yield f"set_config is called {calls} times"


def _body(outer: Node) -> Iterator[str]:
    for target in outer.get("targetList", ()):
        for node in _nodes(target):
            if node["@"] == "SelectStmt":
                yield from _level(node)
            elif node.get("alias", {}).get("aliasname") == TENANT:
                yield "something inside is called `tenant`, too"


def _level(select: Node) -> Iterator[str]:
    compared = {pair for one in _conjuncts(select.get("whereClause")) for pair in _equals_tenant(one)}
    for table in _tables(select.get("fromClause", ())):
        name = table["relname"]
        if _is_tenant(table):
            yield "`tenant` is read inside the subquery, not compared with"
            continue
        alias = table.get("alias", {}).get("aliasname", name)
        if (alias, TENANT_COLUMN.get(name, "tenantId")) not in compared:
            yield f'"{name}" is not compared with tenant.id at its own level'


def _tables(sources: Any) -> Iterator[Node]:
    """The tables of one level's FROM; what is nested in it is a level of its own."""
    for source in sources:
        if source["@"] == "RangeVar":
            yield source
        elif source["@"] == "JoinExpr":
            yield from _tables((source["larg"], source["rarg"]))


def _conjuncts(condition: Node | None) -> Iterator[Node]:
    if condition is None:
        return
    if condition["@"] == "BoolExpr" and condition["boolop"]["name"] == "AND_EXPR":
        for one in condition["args"]:
            yield from _conjuncts(one)
    else:
        yield condition


def _equals_tenant(condition: Node) -> Iterator[tuple[str, str]]:
    if condition["@"] != "A_Expr" or condition["kind"]["name"] != "AEXPR_OP" or _name(condition["name"]) != "=":
        return
    left, right = (_column(condition[side]) for side in ("lexpr", "rexpr"))
    for column, other in ((left, right), (right, left)):
        if other == (TENANT, "id") and len(column) == 2:
            yield column[0], column[1]


def _column(node: Node) -> tuple[str, ...]:
    return tuple(part.get("sval", "*") for part in node["fields"]) if node["@"] == "ColumnRef" else ()


def _is_tenant(node: Node) -> bool:
    return node["@"] == "RangeVar" and node["relname"] == TENANT and "schemaname" not in node


def _name(words: Any) -> str:
    return ".".join(word["sval"] for word in words)


def _nodes(tree: Any) -> Iterator[Node]:
    if isinstance(tree, dict):
        if "@" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, tuple | list):
        for value in tree:
            yield from _nodes(value)
