"""Many rows in one transaction: made and changed by a few statements, each row refused by itself where it must be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import orjson
from psycopg import DatabaseError, sql

from payaid.catalogue import Facts, Resource
from payaid.db.writing import Unit
from payaid.errors import PayaidError
from payaid.rest import rows
from payaid.rest.cells import Given, Refused, Row
from payaid.rest.refusals import refusal
from payaid.rest.writes import create_row, storable, update_row
from payaid.rules.broken import BrokenRules


@dataclass(slots=True)
class Applied:
    """What became of some rows."""

    created: int = 0
    updated: int = 0
    refused: list[Refused] = field(default_factory=list)


async def apply(unit: Unit, resource: Resource, given: Sequence[Given], tag: Row) -> Applied:
    """Make and change rows inside the unit's transaction, with all that follows from them. A row that a rule or the
    database refuses leaves nothing behind; the others stay.
    """
    applied = Applied()
    if resource.numbering or resource.lines:
        # Numbers are taken one after the other, lines belong to one row: there is no doing it at once.
        for one in given:
            await _singly(unit, resource, one, tag, applied)
        return applied
    changed = [one for one in given if one.id]
    current = await _locked(unit, resource, changed)
    derived = (_derived(resource, one, current, tag, applied) for one in given)
    ready = [one for one in derived if one]
    await _together(unit, resource, ready, applied)
    return applied


async def _singly(unit: Unit, resource: Resource, one: Given, tag: Row, applied: Applied) -> None:
    try:
        async with unit.connection.transaction():
            if one.id:
                await update_row(unit, resource, await rows.lock(unit, resource, one.id), dict(one.values))
                applied.updated += 1
            else:
                await create_row(unit, resource, dict(one.values), tag)
                applied.created += 1
    except (BrokenRules, PayaidError, DatabaseError) as error:
        applied.refused.append(_refused(resource, one, error))


async def _locked(unit: Unit, resource: Resource, changed: Sequence[Given]) -> dict[str, Row]:
    """The rows that will change, as they stand."""
    if not changed:
        return {}
    query = sql.SQL(
        'SELECT t.id, row_to_json(t)::text FROM {} AS t WHERE t."tenantId" = %s AND t.id = ANY(%s)'
        " ORDER BY t.id FOR UPDATE"
    ).format(sql.Identifier(resource.table))
    cursor = await unit.connection.execute(query, (unit.tenant, sorted({str(one.id) for one in changed})))
    return {id_: orjson.loads(text) for id_, text in await cursor.fetchall()}


def _derived(resource: Resource, one: Given, current: dict[str, Row], tag: Row, applied: Applied) -> Given | None:
    """The row with the columns that follow from it."""
    before = current.get(one.id) if one.id else None
    if one.id and before is None:
        applied.refused.append(Refused(one.number, (("id", f"there is no {resource.title} {one.id}"),)))
        return None
    values = storable(resource, one.values)
    if resource.derive:
        try:
            values |= resource.derive(dict(one.values), Facts(datetime.now(UTC), None, None, before))
        except BrokenRules as error:
            applied.refused.append(_refused(resource, one, error))
            return None
    if before is not None:
        before |= values  # the same row may come again further down
        return Given(one.number, one.id, values)
    return Given(one.number, None, values | tag)


async def _together(unit: Unit, resource: Resource, ready: Sequence[Given], applied: Applied) -> None:
    """All at once; what the database refuses is found by halving."""
    if not ready:
        return
    try:
        async with unit.connection.transaction():
            await _insert(unit, resource, [one.values for one in ready if not one.id])
            for wave in _waves(ready):
                await _update(unit, resource, wave)
    except DatabaseError as error:
        if len(ready) == 1:
            applied.refused.append(_refused(resource, ready[0], error))
            return
        middle = len(ready) // 2
        await _together(unit, resource, ready[:middle], applied)
        await _together(unit, resource, ready[middle:], applied)
        return
    updated = sum(1 for one in ready if one.id)
    applied.updated += updated
    applied.created += len(ready) - updated


def _waves(ready: Iterable[Given]) -> Iterable[list[Given]]:
    """Rows that change the same columns, in groups in which no id comes twice, in the order of the table."""
    seen: dict[str, int] = {}
    keyed = []
    for one in ready:
        if one.id:
            seen[one.id] = seen.get(one.id, 0) + 1
            keyed.append(((seen[one.id], tuple(sorted(one.values))), one))
    keyed.sort(key=lambda pair: pair[0])
    for _, group in groupby(keyed, key=lambda pair: pair[0]):
        yield [one for _, one in group]


async def _insert(unit: Unit, resource: Resource, made: Sequence[Row]) -> None:
    if not made:
        return
    names = sorted({name for one in made for name in one})
    values: list[Any] = []
    lines = []
    for row in made:
        # What a row does not give takes the column's default, as in a POST.
        lines.append("(%s" + "".join(", %s" if name in row else ", DEFAULT" for name in names) + ")")
        values += [unit.tenant, *(row[name] for name in names if name in row)]
    head = sql.SQL("INSERT INTO {} ({}) VALUES ").format(
        sql.Identifier(resource.table), sql.SQL(", ").join(map(sql.Identifier, ["tenantId", *names]))
    )
    await unit.connection.execute(head + sql.SQL(", ".join(lines)), values)


async def _update(unit: Unit, resource: Resource, wave: Sequence[Given]) -> None:
    names = sorted(wave[0].values)
    casts = ["text", *(resource.columns[name].sql_type for name in names)]
    # Each row is cast: the common type of what Python values look like is not always the column's.
    line = "(" + ", ".join(f"%s::{cast}" for cast in casts) + ")"
    query = sql.SQL(
        'UPDATE {} AS t SET {} FROM (VALUES {}) AS v (id, {}) WHERE t."tenantId" = %s AND t.id = v.id'
    ).format(
        sql.Identifier(resource.table),
        sql.SQL(", ").join(sql.SQL("{0} = v.{0}").format(sql.Identifier(name)) for name in names),
        sql.SQL(", ".join([line] * len(wave))),
        sql.SQL(", ").join(map(sql.Identifier, names)),
    )
    values = [value for one in wave for value in (one.id, *(one.values[name] for name in names))]
    await unit.connection.execute(query, [*values, unit.tenant])


def _refused(resource: Resource, one: Given, error: Exception) -> Refused:
    """Why a row was refused, in the caller's words.

    Raises:
        The error itself, where the fault is ours, or the database is away.
    """
    if isinstance(error, BrokenRules):
        return Refused(one.number, tuple((pointer.lstrip("/"), why) for pointer, why in error.mistakes))
    known = error if isinstance(error, PayaidError) else None
    if isinstance(error, DatabaseError):
        known = refusal(error, resource)
    if known is None or known.status >= 500:
        raise error
    named = tuple((mistake["pointer"].lstrip("/"), mistake["detail"]) for mistake in known.errors)
    return Refused(one.number, named or (("", known.detail),))
