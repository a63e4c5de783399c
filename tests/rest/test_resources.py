"""What the resources declare is what the tables are: a column that may be null is said to, types and facets agree."""

from typing import Any

import psycopg
import pytest

from payaid.catalogue import Field, Kind, Resource
from payaid.resources import catalogue
from tests.fixtures.database import Database

TYPES = {
    "text": {Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.CHOICE, Kind.GSTIN, Kind.REFERENCE},
    "numeric": {Kind.MONEY, Kind.NUMBER},
    "integer": {Kind.INTEGER},
    "boolean": {Kind.BOOLEAN},
    "timestamp with time zone": {Kind.INSTANT},
    "date": {Kind.DATE},
    "ARRAY": {Kind.TAGS},
    "jsonb": {Kind.LINES},
}
each = pytest.mark.parametrize("resource", catalogue().resources, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def tables(module_database: Database) -> dict[str, dict[str, tuple[str, bool, bool]]]:
    """table -> column -> (type, may be null, has a default)."""
    found: dict[str, dict[str, tuple[str, bool, bool]]] = {}
    with psycopg.connect(module_database.owner_url) as connection:
        for table, column, kind, nullable, default in connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable = 'YES', column_default IS NOT NULL"
            " FROM information_schema.columns WHERE table_schema = 'public'"
        ):
            found.setdefault(table, {})[column] = (kind, nullable, default)
    return found


def disagreements(fields: tuple[Field, ...], columns: dict[str, tuple[str, bool, bool]]) -> list[str]:
    wrong = []
    for one in fields:
        if one.name not in columns:
            wrong.append(f"{one.name}: no such column")
            continue
        kind, nullable, default = columns[one.name]
        if one.kind not in TYPES[kind]:
            wrong.append(f"{one.name}: {one.kind} is {kind}")
        if nullable and not one.nullable:
            wrong.append(f"{one.name}: said never to be null, and may be")
        if one.sort and one.nullable != nullable:
            wrong.append(f"{one.name}: a sort key whose nulls are not where they are said to be")
        if not nullable and one.nullable and one.writable and not one.required and not default:
            wrong.append(f"{one.name}: may be left out, and has no default")
    return wrong


@each
def test_columns_agree(resource: Resource, tables: dict[str, dict[str, Any]]) -> None:
    assert disagreements(tuple(resource.columns.values()), tables[resource.table]) == []
    if lines := resource.lines:
        assert disagreements(lines.fields, tables[lines.table]) == []


@each
def test_a_row_can_be_made_from_what_is_required(resource: Resource, tables: dict[str, dict[str, Any]]) -> None:
    """What the table insists on is required of the caller, or made by the service."""
    derived = {"tenantId", "subtotal", "total", *([resource.numbering.column] if resource.numbering else [])}
    for name, (_, nullable, default) in tables[resource.table].items():
        if not nullable and not default and name not in derived:
            assert resource.columns[name].required, name


@each
def test_notices_carry_every_declared_facet(resource: Resource, module_database: Database) -> None:
    """A list filtered by a facet depends on its value alone, so a trigger that does not tell it would hide changes."""
    with psycopg.connect(module_database.owner_url) as connection:
        rows = connection.execute(
            """SELECT tgname, string_to_array(encode(tgargs, 'escape'), '\\000') FROM pg_trigger
               WHERE tgrelid = format('%%I', %s::text)::regclass AND tgname LIKE 'announce%%'""",
            (resource.table,),
        ).fetchall()
    told = dict(rows)
    assert told.keys() == {"announce_insert", "announce_update", "announce_delete", "announce_truncate"}
    relations = {relation.column for one in catalogue().resources for relation in one.relations
                 if relation.resource == resource.name}  # fmt: skip
    for name in ("announce_insert", "announce_update", "announce_delete"):
        assert {*resource.facets, *relations} <= set(told[name])


@each
def test_choices_are_those_of_the_table(resource: Resource, module_database: Database) -> None:
    with psycopg.connect(module_database.owner_url) as connection:
        rules = " ".join(
            row[0] for row in connection.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = format('%%I', %s::text)::regclass"
                " AND contype = 'c'", (resource.table,),
            )
        )  # fmt: skip
    for one in resource.columns.values():
        for choice in one.choices:
            assert f"'{choice}'" in rules, f"{one.name}: the table would refuse {choice}"
