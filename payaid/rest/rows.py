"""One row inside a unit of work: insert, lock, update, delete. Each answers the row as a reader will see it.

The row's JSON comes back with the statement that made it, so a write reads nothing twice.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

from payaid.cache.keys import Change
from payaid.catalogue import Resource
from payaid.db.writing import Unit
from payaid.errors import NotFound
from payaid.rest.statement import item_columns

Row = dict[str, Any]


class Version(NamedTuple):
    """A row as it stands: its id, its facets, and the bytes that a GET of it answers."""

    id: str
    facets: Row
    body: bytes


async def insert(unit: Unit, resource: Resource, row: Row) -> Version:
    """Insert a row, and its lines where it has any."""
    lines = row.pop(resource.lines.field) if resource.lines else []
    made = await _one(unit, resource, _insert(resource.table, row, _told(resource)), _given(unit, row))
    if resource.lines:
        now = datetime.now(UTC)
        for place, line in enumerate(lines):
            # Their order is the order in which they were given.
            below = {**line, resource.lines.parent: made.id, "createdAt": now + timedelta(microseconds=place)}
            await unit.connection.execute(_insert(resource.lines.table, below, sql.SQL("id")), _given(unit, below))
        made = await lock(unit, resource, made.id)
    unit.changes.append(Change(unit.tenant, resource.table, (made.id,), _values(made.facets)))
    return made


async def lock(unit: Unit, resource: Resource, id_: str) -> Version:
    """The row, locked until the transaction ends.

    Raises:
        NotFound: there is no such row for this tenant.
    """
    found = _found(resource, locked=True)
    return await _one(unit, resource, found, {"tenantId": unit.tenant, "id": id_})


async def read(unit: Unit, resource: Resource, id_: str) -> Version | None:
    """The row as it stands, not locked; None: there is no such row for this tenant."""
    cursor = await unit.connection.execute(_found(resource, locked=False), {"tenantId": unit.tenant, "id": id_})
    return _version(resource, await cursor.fetchone())


async def update(unit: Unit, resource: Resource, before: Version, row: Row) -> Version:
    """Change the given columns of a locked row."""
    places = {f"to {name}": value for name, value in _as_columns(row).items()}
    change = sql.SQL('UPDATE {} AS t SET {} WHERE t."tenantId" = %(tenantId)s AND t.id = %(id)s RETURNING {}').format(
        sql.Identifier(resource.table),
        sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(f"to {name}")) for name in row
        ),
        _told(resource),
    )
    after = await _one(unit, resource, change, {"tenantId": unit.tenant, "id": before.id, **places})
    changed = Change(unit.tenant, resource.table, (before.id,), _values(before.facets, after.facets))
    unit.changes.append(changed)
    return after


async def delete(unit: Unit, resource: Resource, before: Version) -> None:
    """Delete a locked row."""
    remove = sql.SQL('DELETE FROM {} WHERE "tenantId" = %s AND id = %s').format(sql.Identifier(resource.table))
    await unit.connection.execute(remove, (unit.tenant, before.id))
    unit.changes.append(Change(unit.tenant, resource.table, (before.id,), _values(before.facets)))


async def _one(unit: Unit, resource: Resource, query: sql.Composed, values: Row) -> Version:
    cursor = await unit.connection.execute(query, values)
    version = _version(resource, await cursor.fetchone())
    if version is None:
        raise NotFound(f"There is no {resource.title} {values.get('id', '')}.")
    return version


def _version(resource: Resource, row: tuple[Any, ...] | None) -> Version | None:
    if row is None:
        return None
    return Version(str(row[0]), dict(zip(resource.facets, row[2:], strict=True)), str(row[1]).encode())


@lru_cache(maxsize=512)
def _found(resource: Resource, *, locked: bool) -> sql.Composed:
    query = sql.SQL('SELECT {} FROM {} AS t WHERE t."tenantId" = %(tenantId)s AND t.id = %(id)s{}')
    return query.format(_told(resource), sql.Identifier(resource.table), sql.SQL(" FOR UPDATE" if locked else ""))


@lru_cache(maxsize=512)
def _told(resource: Resource) -> sql.Composed:
    """What each statement answers: id, the row as JSON text, the facets."""
    body = sql.SQL("(SELECT row_to_json(r)::text FROM (SELECT {}) r)").format(
        item_columns(resource, sql.SQL('t."tenantId"'))
    )
    return sql.SQL(", ").join(
        [sql.Identifier("t", "id"), body, *(sql.Identifier("t", name) for name in resource.facets)]
    )


def _insert(table: str, row: Row, told: sql.Composable) -> sql.Composed:
    names = ["tenantId", *row]
    return sql.SQL("INSERT INTO {} AS t ({}) VALUES ({}) RETURNING {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(map(sql.Placeholder, names)),
        told,
    )


def _given(unit: Unit, row: Row) -> Row:
    return {"tenantId": unit.tenant, **_as_columns(row)}


def _values(*versions: Row) -> dict[str, Iterable[Any]]:
    return {name: {version[name] for version in versions} for name in versions[0]}


def _as_columns(row: Row) -> Row:
    return {name: Jsonb(value) if _is_json(value) else value for name, value in row.items()}


def _is_json(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))
