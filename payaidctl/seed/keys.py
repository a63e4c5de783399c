"""Take keys, checks, indexes and triggers off empty tables, and put the very same ones back after loading.

Building an index once is several times faster than keeping it through a load, and one scan proves all checks. What
comes off is read from the catalogue, not from a list of ours, so that whatever later migrations or index sets have
added is kept too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from payaidctl.errors import Failed

Connection = psycopg.AsyncConnection[dict[str, Any]]

# Everything on these tables, and the foreign keys of other tables that point at them.
EVERYTHING = """
WITH loaded AS (SELECT unnest(%(tables)s::text[])::regclass::oid AS oid)
SELECT 'constraint' AS kind, conrelid::regclass::text AS owner, conname AS name, contype::text AS type,
       pg_get_constraintdef(oid) || CASE WHEN convalidated THEN '' ELSE ' NOT VALID' END AS definition
FROM pg_constraint
WHERE conparentid = 0 AND contype <> 't'
  AND (conrelid IN (SELECT oid FROM loaded) OR confrelid IN (SELECT oid FROM loaded))
UNION ALL
SELECT 'index', i.indrelid::regclass::text, i.indexrelid::regclass::text,
       CASE WHEN EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
            THEN 'c' WHEN i.indisvalid THEN 'v' ELSE 'i' END,
       pg_get_indexdef(i.indexrelid)
FROM pg_index i WHERE i.indrelid IN (SELECT oid FROM loaded)
UNION ALL
SELECT 'trigger', t.tgrelid::regclass::text, t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid)
FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT oid FROM loaded)
ORDER BY 1, 2, 3
"""
FIRING = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


@dataclass(frozen=True, slots=True)
class Fixture:
    """One constraint, index or trigger. `owner` is quoted already; `type` is the catalogue's letter."""

    kind: str
    owner: str
    name: str
    type: str
    definition: str

    @property
    def off(self) -> str | None:
        """The statement that takes it off; None where it stays (NOT NULL) or goes with another (a key's index)."""
        if self.loose:
            return f"ALTER TABLE {self.owner} DROP CONSTRAINT {_quoted(self.name)}"
        if self.kind == "index" and self.type != "c":
            return f"DROP INDEX {self.name}"
        if self.kind == "trigger":
            return f"ALTER TABLE {self.owner} DISABLE TRIGGER {_quoted(self.name)}"
        return None

    @property
    def loose(self) -> bool:
        """A constraint that comes off."""
        return self.kind == "constraint" and self.type in "fpuxc"

    @property
    def foreign(self) -> bool:
        """Foreign keys need the unique keys: off first, on last."""
        return self.kind == "constraint" and self.type == "f"


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)


async def fixtures(connection: Connection, tables: Sequence[str]) -> list[Fixture]:
    """All there is on these tables now."""
    names = [f"public.{_quoted(table)}" for table in tables]
    cursor = await connection.execute(EVERYTHING, {"tables": names})
    return [Fixture(**row) for row in await cursor.fetchall()]


async def take_off(connection: Connection, found: Sequence[Fixture]) -> None:
    """Take off what slows loading, foreign keys first.

    Raises:
        Failed: an index is invalid; nothing was touched.
    """
    invalid = [one.name for one in found if one.kind == "index" and one.type == "i"]
    if invalid:
        raise Failed(
            f"{', '.join(invalid)} is invalid, so it cannot be put back as it was",
            "payaidctl verify-indexes --fix, or drop it",
        )
    for one in sorted(found, key=lambda one: not one.foreign):
        if statement := one.off:
            await connection.execute(statement.encode())


async def put_back(connection: Connection, found: Sequence[Fixture], tables: Sequence[str]) -> None:
    """Put everything back, foreign keys last, and compare with what there was.

    Raises:
        Failed: something differs; the caller's transaction must be rolled back.
    """
    for statement in _restoring(found):
        await connection.execute(statement.encode())
    now = await fixtures(connection, tables)
    different = {one.name for one in set(found) ^ set(now)}
    if different:
        raise Failed(f"these did not come back as they were: {', '.join(sorted(different))}", "nothing was changed")


def _restoring(found: Sequence[Fixture]) -> Iterator[str]:
    """The statements that put everything back; a table's constraints go into one, which scans it once."""
    yield from _constraints(one for one in found if one.loose and not one.foreign)
    yield from (one.definition for one in found if one.kind == "index" and one.type != "c")
    yield from _constraints(one for one in found if one.foreign)
    for one in found:
        if one.kind == "trigger":
            yield f"ALTER TABLE {one.owner} {FIRING[one.type]} TRIGGER {_quoted(one.name)}"


def _constraints(some: Iterable[Fixture]) -> Iterator[str]:
    by_owner: dict[str, list[str]] = {}
    for one in some:
        by_owner.setdefault(one.owner, []).append(f"ADD CONSTRAINT {_quoted(one.name)} {one.definition}")
    yield from (f"ALTER TABLE {owner} {', '.join(clauses)}" for owner, clauses in by_owner.items())
