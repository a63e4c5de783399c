"""What changes a resource: create, update, delete. Each is one transaction, with its number, lines and key."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from payaid.call import Call
from payaid.catalogue import Facts, Resource
from payaid.db.writing import Unit
from payaid.errors import BadRequest, Conflict, Invalid, PreconditionFailed
from payaid.rest import rows
from payaid.rest.body import model, parse_json, validated
from payaid.rest.reply import Reply, etag, matches
from payaid.rest.routes import PREFIX, Target
from payaid.rest.rows import Row
from payaid.rest.transact import Transactions
from payaid.rules.broken import BrokenRules
from payaid.rules.periods import FinancialYear

LOAD_RUN = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Editor:
    """Creates, updates and deletes rows of the catalogue's resources."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

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

        async def work(unit: Unit) -> Reply:
            if target.parent:
                await rows.lock(unit, target.parent, target.id)
            return await create_row(unit, resource, given, tag)

        return await self._transactions.once(call, resource, work, call.body)

    async def update(self, call: Call, target: Target) -> Reply:
        """PATCH: the fields that are given change; with If-Match, only if the row is still that version."""
        resource = _resource(target)
        given = validated(model(resource, "update"), parse_json(call.header(b"content-type"), call.body))
        if not given:
            raise Invalid("The body names no field to change.")
        condition = call.headers.get(b"if-match")

        async def work(unit: Unit) -> Reply:
            before = await _expected(unit, resource, target.id, condition)
            return await update_row(unit, resource, before, given)

        return await self._transactions.run(call, resource, work)

    async def delete(self, call: Call, target: Target) -> Reply:
        """DELETE: 204, or 404 for what is not there."""
        resource = _resource(target)
        condition = call.headers.get(b"if-match")

        async def work(unit: Unit) -> Reply:
            before = await _expected(unit, resource, target.id, condition)
            _must_not_leave_a_gap(resource, orjson.loads(before.body))
            await rows.delete(unit, resource, before)
            return Reply(204, b"")

        return await self._transactions.run(call, resource, work)


async def _expected(unit: Unit, resource: Resource, id_: str, condition: bytes | None) -> rows.Version:
    """The row, locked, and of the version that If-Match names, if it names one."""
    before = await rows.lock(unit, resource, id_)
    if condition and not matches(condition, etag(before.body)):
        raise PreconditionFailed(f"The {resource.title} {id_} has another version than If-Match names.")
    return before


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


async def create_row(unit: Unit, resource: Resource, given: Row, tag: Mapping[str, Any]) -> Reply:
    """Insert one row with all that follows from it, inside the unit's transaction."""
    facts = await _facts(unit, resource, None)
    row = {**storable(resource, given), **(resource.derive(given, facts) if resource.derive else {}), **tag}
    await _number(unit, resource, row, facts, row.get("status"))
    made = await rows.insert(unit, resource, row)
    location = f"{PREFIX}{resource.path}/{made.id}".encode()
    return Reply(201, made.body, etag=etag(made.body), headers=((b"location", location),))


async def update_row(unit: Unit, resource: Resource, before: rows.Version, given: Row) -> Reply:
    """Change a locked row with all that follows from it, inside the unit's transaction."""
    current = orjson.loads(before.body)
    facts = await _facts(unit, resource, current)
    row = {**storable(resource, given), **(resource.derive(given, facts) if resource.derive else {})}
    if resource.numbering and current[resource.numbering.column] is None:
        await _number(unit, resource, row, facts, row.get("status", current["status"]))
    after = await rows.update(unit, resource, before, row)
    return Reply(200, after.body, etag=etag(after.body))


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
    try:
        row[numbering.column] = numbering.series.number(counted[0], moment)
    except ValueError as error:
        # A date of another century, or a year with a million documents: the caller's to mend, and the counter stays.
        raise BrokenRules([("/invoiceDate" if "invoiceDate" in resource.columns else "", str(error))]) from error


async def _facts(unit: Unit, resource: Resource, current: Row | None) -> Facts:
    state = gstin = None
    if resource.numbering:
        cursor = await unit.connection.execute('SELECT state, gstin FROM "Tenant" WHERE id = %s', (unit.tenant,))
        state, gstin = await cursor.fetchone() or (None, None)
    return Facts(datetime.now(UTC), state, gstin, current)


def storable(resource: Resource, given: Row) -> Row:
    """What was given, without nulls for columns that have none: those take their defaults."""
    return {
        name: value
        for name, value in given.items()
        if value is not None or name not in resource.columns or resource.columns[name].nullable
    }


def _resource(target: Target) -> Resource:
    if target.resource is None:
        raise LookupError(f"{target.template} writes nothing")
    return target.resource
