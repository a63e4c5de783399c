"""What is there: tables, indexes and running builds, as the catalogue has them. Facts only; nothing is judged here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from payaidctl.indexes.definition import Definition, Key
from payaidctl.indexes.progress import Build
from payaidctl.indexes.queries import ATTACHED, BUILDS, ELSEWHERE, INDEXES, PARTITIONS, TABLES, TAKEN


@dataclass(frozen=True, slots=True)
class Table:
    """A table or something that is called like one. `rows` is -1 where it was never analysed."""

    oid: int
    schema: str
    name: str
    kind: str
    rows: float
    is_partition: bool
    size: int
    owner: str
    ours: bool
    may_create: bool
    columns: list[str]

    @property
    def partitioned(self) -> bool:
        """A parent without rows of its own."""
        return self.kind == "p"

    @property
    def indexable(self) -> bool:
        """Tables, parents of partitions and materialised views; not views, nor foreign tables."""
        return self.kind in {"r", "p", "m"}


@dataclass(frozen=True, slots=True)
class Index:
    """One index. `storage` are its reloptions; `constraint` the name of the constraint that owns it."""

    table_oid: int
    oid: int
    schema: str
    name: str
    partitioned: bool
    attached: bool
    definition: Definition
    valid: bool
    ready: bool
    live: bool
    constraint: str | None
    replica_identity: bool
    size: int
    scans: int
    storage: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether the planner may use it."""
        return self.valid and self.ready and self.live


@dataclass(frozen=True, slots=True)
class Partition:
    """A member of a partition tree, the parent itself included."""

    oid: int
    schema: str
    name: str
    kind: str
    parent: int | None
    leaf: bool
    level: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A partitioned table's members, and which index is attached to which (child -> parent)."""

    members: tuple[Partition, ...]
    attached: dict[int, int]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that was looked at. `tables` are by exact name; `misspelt` differ from a declared name by case only.

    `taken` says what else in the schema has a declared index's name, and `elsewhere` where missing tables are.
    """

    tables: dict[str, Table]
    misspelt: dict[str, str]
    indexes: tuple[Index, ...]
    builds: tuple[Build, ...]
    trees: dict[int, Tree]
    taken: dict[str, str]
    elsewhere: dict[str, str]

    @property
    def trees_attached(self) -> dict[int, int]:
        """Which index is attached to which, in all trees: child -> parent."""
        return {child: parent for tree in self.trees.values() for child, parent in tree.attached.items()}

    def on(self, table_oid: int) -> list[Index]:
        """The indexes of one table."""
        return [index for index in self.indexes if index.table_oid == table_oid]


async def read(connection: AsyncConnection[Any], tables: Sequence[str], names: Sequence[str], schema: str) -> Catalogue:
    """Read everything about the named tables and index names of one schema, in a handful of queries."""
    async with connection.cursor(row_factory=class_row(Table)) as cursor:
        await cursor.execute(TABLES, {"schema": schema, "lowered": [name.lower() for name in tables]})
        found = await cursor.fetchall()
    exact = {table.name: table for table in found if table.name in tables}
    missing = [name for name in tables if name not in exact]
    trees = {table.oid: await read_tree(connection, table.oid) for table in exact.values() if table.partitioned}
    oids = {table.oid for table in exact.values()} | {one.oid for tree in trees.values() for one in tree.members}
    return Catalogue(
        tables=exact,
        misspelt={name: one.name for name in missing for one in found if one.name.lower() == name.lower()},
        indexes=await indexes(connection, sorted(oids)),
        builds=await builds(connection),
        trees=trees,
        taken=await _taken(connection, names, schema, oids),
        elsewhere=await _elsewhere(connection, missing, schema) if missing else {},
    )


async def indexes(connection: AsyncConnection[Any], tables: Sequence[int]) -> tuple[Index, ...]:
    """The indexes of these tables."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(INDEXES, {"tables": list(tables)})
        return tuple(_index(row) for row in await cursor.fetchall())


async def builds(connection: AsyncConnection[Any]) -> tuple[Build, ...]:
    """The index builds that run in this database now, whoever started them."""
    async with connection.cursor(row_factory=class_row(Build)) as cursor:
        await cursor.execute(BUILDS)
        return tuple(await cursor.fetchall())


async def _taken(
    connection: AsyncConnection[Any], names: Sequence[str], schema: str, tables: set[int]
) -> dict[str, str]:
    cursor = await connection.execute(TAKEN, {"schema": schema, "names": list(names)})
    return {name: what for name, table, what in await cursor.fetchall() if table not in tables}


async def _elsewhere(connection: AsyncConnection[Any], names: Sequence[str], schema: str) -> dict[str, str]:
    cursor = await connection.execute(ELSEWHERE, {"names": list(names), "schema": schema})
    return dict(await cursor.fetchall())


async def read_tree(connection: AsyncConnection[Any], table: int) -> Tree:
    """A partitioned table's members and how their indexes hang together."""
    async with connection.cursor(row_factory=class_row(Partition)) as cursor:
        await cursor.execute(PARTITIONS, {"table": table})
        members = tuple(await cursor.fetchall())
    attached = await connection.execute(ATTACHED, {"tables": [member.oid for member in members]})
    return Tree(members, dict(await attached.fetchall()))


def _index(row: dict[str, Any]) -> Index:
    raw = row["keys"]
    keys = tuple(_key(key) for key in (json.loads(raw) if isinstance(raw, str) else raw))
    definition = Definition(
        method=row["method"],
        keys=keys,
        include=frozenset(row["include"]),
        unique=row["unique"],
        nulls_not_distinct=row["nulls_not_distinct"],
        predicate=row["predicate"],
    )
    return Index(
        table_oid=row["table_oid"],
        oid=row["oid"],
        schema=row["schema"],
        name=row["name"],
        partitioned=row["kind"] == "I",
        attached=row["attached"],
        definition=definition,
        valid=row["valid"],
        ready=row["ready"],
        live=row["live"],
        constraint=row["constraint_name"],
        replica_identity=row["replica_identity"],
        size=row["size"] or 0,
        scans=row["scans"] or 0,
        storage=tuple(row["storage"]),
    )


def _key(raw: dict[str, Any]) -> Key:
    return Key(
        text=raw["text"],
        opclass=raw["opclass"],
        collation=raw["collation"],
        descending=bool(raw["bits"] & 1),
        nulls_first=bool(raw["bits"] & 2),
        options=raw["options"],
        opclass_name=raw["opclass_name"],
        collation_name=raw["collation_name"],
    )
