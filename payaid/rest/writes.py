"""What changes a resource: create, update, delete. Each is one transaction, with its number, lines and key."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from psycopg import DatabaseError, OperationalError, sql
from psycopg.types.json import Jsonb

from payaid.cache.keys import Change
from payaid.call import Call
from payaid.catalogue import Facts, Resource
from payaid.db.servers import fetch
from payaid.db.writing import Unit, Writes
from payaid.errors import BadRequest, Conflict, Invalid, NotFound, PreconditionFailed
from payaid.rest import idempotency
from payaid.rest.body import model, parse_json, validated
from payaid.rest.plan import ItemPlan
from payaid.rest.refusals import broken, refusal
from payaid.rest.reply import Reply, etag, matches
from payaid.rest.routes import PREFIX, Target
from payaid.rest.statement import statement
from payaid.rules.broken import BrokenRules
from payaid.rules.periods import FinancialYear
from payaid.stamp_token import StampTokens

LOAD_RUN = re.compile(r"[A-Za-z0-9._-]{1,64}")
Row = dict[str, Any]


class Editor:
    """Creates, updates and deletes rows of the catalogue's resources."""

    def __init__(self, writes: Writes, stamps: StampTokens) -> None:
        self._writes = writes
        self._stamps = stamps

    async def create(self, call: Call, target: Target) -> Reply:
        """POST to a collection, or below a row: 201, Location, the row, and the token that shows it."""
        resource = _resource(target)
        given = validated(model(resource, "create"), parse_json(call.header(b"content-type"), call.body))
        if target.relation:
            if given.get(target.relation.column) not in {None, target.id}:
                why = "contradicts the path"
                raise Invalid(
                    f"/{target.relation.column} {why}",
                    errors=[{"pointer": f"/{target.relation.column}", "detail": why}],
                )
            given[target.relation.column] = target.id
        tag = load_run(call) if resource.tagged else {}
        key = idempotency.read_key(call.header(b"idempotency-key"))

        async def work(unit: Unit) -> Reply:
            if target.parent:
                await _must_exist(unit, target.parent, target.id)
            return await create_row(unit, resource, given, tag)

        if key:
            work = partial(_once, key, idempotency.fingerprint(call.path, call.body), work)
        return await self._run(call, resource, work)

    async def update(self, call: Call, target: Target) -> Reply:
        """PATCH: the fields that are given change; with If-Match, only if the row is still that version."""
        resource = _resource(target)
        given = validated(model(resource, "update"), parse_json(call.header(b"content-type"), call.body))
        if not given:
            raise Invalid("The body names no field to change.")
        condition = call.headers.get(b"if-match")

        async def work(unit: Unit) -> Reply:
            before = await _locked(unit, resource, target.id)
            current = await _item(unit, resource, target.id)
            if condition and not matches(condition, etag(current)):
                raise PreconditionFailed(f"The {resource.title} {target.id} has another version than If-Match names.")
            return await _update_row(unit, resource, target.id, given, before, orjson.loads(current))

        return await self._run(call, resource, work)

    async def delete(self, call: Call, target: Target) -> Reply:
        """DELETE: 204, or 404 for what is not there."""
        resource = _resource(target)
        condition = call.headers.get(b"if-match")

        async def work(unit: Unit) -> Reply:
            before = await _locked(unit, resource, target.id)
            current = await _item(unit, resource, target.id)
            if condition and not matches(condition, etag(current)):
                raise PreconditionFailed(f"The {resource.title} {target.id} has another version than If-Match names.")
            _must_not_leave_a_gap(resource, orjson.loads(current))
            remove = sql.SQL('DELETE FROM {} WHERE "tenantId" = %s AND id = %s').format(sql.Identifier(resource.table))
            await unit.connection.execute(remove, (unit.tenant, target.id))
            unit.changes.append(Change(unit.tenant, resource.table, (target.id,), _facets(before)))
            return Reply(204, b"")

        return await self._run(call, resource, work)

    async def _run(self, call: Call, resource: Resource, work: Callable[[Unit], Awaitable[Reply]]) -> Reply:
        try:
            answered, stamp = await self._writes.run(call.who().tenant_id, work)
        except OperationalError:
            raise
        except BrokenRules as rules:
            raise broken(rules) from rules
        except DatabaseError as error:
            if known := refusal(error, resource):
                raise known from error
            raise
        if stamp:
            call.answer_headers.append((b"x-payaid-stamp", self._stamps.seal(stamp).encode()))
        return answered


def _must_not_leave_a_gap(resource: Resource, current: Row) -> None:
    numbering = resource.numbering
    if numbering and numbering.lasting and current[numbering.column] is not None:
        raise Conflict(
            f"The {resource.title} has the number {current[numbering.column]}, which would be missing from its series:"
            " cancel it instead."
        )


def load_run(call: Call) -> Row:
    """The tag of a load test's rows, from X-Load-Run.

    Raises:
        BadRequest: it could not be a tag.
    """
    tag = call.header(b"x-load-run")
    if tag and not LOAD_RUN.fullmatch(tag):
        raise BadRequest("X-Load-Run may have 64 letters, digits, dots, dashes and underscores.")
    return {"loadRun": tag} if tag else {}


async def _once(key: str, print_: str, work: Callable[[Unit], Awaitable[Reply]], unit: Unit) -> Reply:
    if earlier := await idempotency.claim(unit, key, print_):
        return earlier
    answered = await work(unit)
    await idempotency.keep(unit, key, print_, answered)
    return answered


async def create_row(unit: Unit, resource: Resource, given: Row, tag: Mapping[str, Any]) -> Reply:
    """Insert one row with all that follows from it, inside the unit's transaction."""
    facts = await _facts(unit, resource, None)
    row = {**_storable(resource, given), **(resource.derive(given, facts) if resource.derive else {}), **tag}
    lines = row.pop(resource.lines.field) if resource.lines else []
    await _number(unit, resource, row, facts, row.get("status"))
    id_ = await _insert(unit, resource.table, row)
    if resource.lines:
        for line in lines:
            await _insert(unit, resource.lines.table, {**line, resource.lines.parent: id_})
    unit.changes.append(Change(unit.tenant, resource.table, (id_,), _facets(await _locked(unit, resource, id_))))
    body = await _item(unit, resource, id_)
    location = f"{PREFIX}{resource.path}/{id_}".encode()
    return Reply(201, body, etag=etag(body), headers=((b"location", location),))


async def _update_row(unit: Unit, resource: Resource, id_: str, given: Row, before: Row, current: Row) -> Reply:
    facts = await _facts(unit, resource, current)
    row = {**_storable(resource, given), **(resource.derive(given, facts) if resource.derive else {})}
    if resource.numbering and current[resource.numbering.column] is None:
        await _number(unit, resource, row, facts, row.get("status", current["status"]))
    row = _as_columns(row)
    change = sql.SQL('UPDATE {} SET {} WHERE "tenantId" = {} AND id = {}').format(
        sql.Identifier(resource.table),
        sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in row),
        sql.Placeholder("the tenant"),
        sql.Placeholder("the id"),
    )
    await unit.connection.execute(change, {**row, "the tenant": unit.tenant, "the id": id_})
    after = await _locked(unit, resource, id_)
    unit.changes.append(Change(unit.tenant, resource.table, (id_,), _facets(before, after)))
    body = await _item(unit, resource, id_)
    return Reply(200, body, etag=etag(body))


async def _insert(unit: Unit, table: str, row: Row) -> str:
    row = _as_columns({"tenantId": unit.tenant, **row})
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    cursor = await unit.connection.execute(insert, row)
    made = await cursor.fetchone()
    assert made is not None, "RETURNING answers a row"  # noqa: S101
    return str(made[0])


async def _number(unit: Unit, resource: Resource, row: Row, facts: Facts, status: str | None) -> None:
    """Take the next number: the counter's row stays locked until this transaction ends, so there are no gaps."""
    numbering = resource.numbering
    if numbering is None or (status or resource.columns["status"].choices[0]) in numbering.unnumbered:
        return
    # A draft that is sent later is numbered in the year of its own date.
    moment = row.get("invoiceDate") or (facts.current or {}).get("invoiceDate") or facts.now
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    cursor = await unit.connection.execute(
        'INSERT INTO "NumberSeries" AS n ("tenantId", series, "financialYear", last) VALUES (%s, %s, %s, 1)'
        ' ON CONFLICT ("tenantId", series, "financialYear") DO UPDATE SET last = n.last + 1 RETURNING last',
        (unit.tenant, numbering.series.name, str(FinancialYear.of(moment))),
    )
    counted = await cursor.fetchone()
    assert counted is not None, "RETURNING answers a row"  # noqa: S101
    row[numbering.column] = numbering.series.number(counted[0], moment)


async def _facts(unit: Unit, resource: Resource, current: Row | None) -> Facts:
    state = gstin = None
    if resource.numbering:
        cursor = await unit.connection.execute('SELECT state, gstin FROM "Tenant" WHERE id = %s', (unit.tenant,))
        state, gstin = await cursor.fetchone() or (None, None)
    return Facts(datetime.now(UTC), state, gstin, current)


async def _locked(unit: Unit, resource: Resource, id_: str) -> Row:
    """The row's facets, the row locked until the transaction ends.

    Raises:
        NotFound: there is no such row for this tenant.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, ("id", *resource.facets)))
    query = sql.SQL('SELECT {} FROM {} WHERE "tenantId" = %s AND id = %s FOR UPDATE').format(
        columns, sql.Identifier(resource.table)
    )
    cursor = await unit.connection.execute(query, (unit.tenant, id_))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no {resource.title} {id_}.")
    return dict(zip(resource.facets, row[1:], strict=True))


async def _must_exist(unit: Unit, parent: Resource, id_: str) -> None:
    await _locked(unit, parent, id_)


async def _item(unit: Unit, resource: Resource, id_: str) -> bytes:
    body = await fetch(unit.connection, statement(ItemPlan(unit.tenant, resource, id_)))
    if body is None:
        raise NotFound(f"There is no {resource.title} {id_}.")
    return body


def _facets(*versions: Row) -> dict[str, set[Any]]:
    return {name: {version[name] for version in versions} for name in versions[0]}


def _storable(resource: Resource, given: Row) -> Row:
    """What was given, without nulls for columns that have none: those take their defaults."""
    return {
        name: value
        for name, value in given.items()
        if value is not None or name not in resource.columns or resource.columns[name].nullable
    }


def _as_columns(row: Row) -> Row:
    return {name: Jsonb(value) if _is_json(value) else value for name, value in row.items()}


def _is_json(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _resource(target: Target) -> Resource:
    if target.resource is None:
        raise LookupError(f"{target.template} writes nothing")
    return target.resource
