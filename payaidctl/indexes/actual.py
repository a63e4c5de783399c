"""What is there: tables, indexes and running builds, as the catalogue has them. Facts only; nothing is judged here.

int2vector and oidvector count from 0, and pg_get_indexdef() of one column leaves out operator class, collation and
order: those come from the vectors themselves.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from payaidctl.indexes.definition import Definition, Key
from payaidctl.indexes.progress import Build

TABLES = """
SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       c.reltuples::float8 AS rows, c.relispartition AS is_partition,
       pg_relation_size(c.oid) AS size, pg_get_userbyid(c.relowner)::text AS owner,
       pg_has_role(c.relowner, 'USAGE') AS ours, has_schema_privilege(n.oid, 'CREATE') AS may_create,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname = %(schema)s AND lower(c.relname) = ANY(%(lowered)s)
"""

# Where else a table of that name is: asked only when it is missing where it should be.
ELSEWHERE = """
SELECT c.relname::text, string_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname = ANY(%(names)s) AND n.nspname <> %(schema)s
  AND n.nspname !~ '^pg_(toast|temp)' GROUP BY 1
"""

# Relations of one schema share their names: a declared index cannot have that of another table's index.
TAKEN = """
SELECT c.relname::text, x.indrelid::int8,
       CASE c.relkind WHEN 'i' THEN 'an index on ' || x.indrelid::regclass WHEN 'I' THEN 'an index on ' ||
            x.indrelid::regclass WHEN 'r' THEN 'a table' WHEN 'v' THEN 'a view' WHEN 'S' THEN 'a sequence'
            ELSE 'another relation' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index x ON x.indexrelid = c.oid
WHERE n.nspname = %(schema)s AND c.relname = ANY(%(names)s)
"""

INDEXES = """
SELECT x.indrelid::int8 AS table_oid, i.oid::int8 AS oid, n.nspname::text AS schema, i.relname::text AS name,
       i.relkind::text AS kind, am.amname::text AS method, x.indisunique AS unique,
       x.indnullsnotdistinct AS nulls_not_distinct, x.indisvalid AS valid, x.indisready AS ready,
       x.indislive AS live, x.indisreplident AS replica_identity, con.conname::text AS constraint_name,
       i.relispartition AS attached,
       coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS predicate,
       CASE i.relkind WHEN 'I' THEN (SELECT sum(pg_relation_size(relid))::int8 FROM pg_partition_tree(i.oid))
            ELSE pg_relation_size(i.oid) END AS size,
       CASE i.relkind WHEN 'I' THEN (SELECT sum(pg_stat_get_numscans(relid))::int8 FROM pg_partition_tree(i.oid))
            ELSE pg_stat_get_numscans(i.oid) END AS scans,
       coalesce(i.reloptions::text[], '{}') AS storage,
       (SELECT json_agg(json_build_object(
                 'text', CASE WHEN a.attname IS NULL THEN pg_get_indexdef(i.oid, k, false)
                              ELSE quote_ident(a.attname) END,
                 'opclass', x.indclass[k - 1]::int8, 'collation', x.indcollation[k - 1]::int8,
                 'bits', x.indoption[k - 1], 'options', coalesce(array_to_string(own.attoptions, ', '), ''),
                 'opclass_name', oc.opcname, 'collation_name', coalesce(co.collname, 'none')) ORDER BY k)
        FROM generate_series(1, x.indnkeyatts::int4) k
        LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1] AND x.indkey[k - 1] <> 0
        JOIN pg_attribute own ON own.attrelid = i.oid AND own.attnum = k
        JOIN pg_opclass oc ON oc.oid = x.indclass[k - 1]
        LEFT JOIN pg_collation co ON co.oid = x.indcollation[k - 1]) AS keys,
       ARRAY(SELECT quote_ident(a.attname)
             FROM generate_series(x.indnkeyatts::int4 + 1, x.indnatts::int4) k
             JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1]) AS include
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_am am ON am.oid = i.relam
LEFT JOIN pg_constraint con ON con.conindid = i.oid AND con.contype IN ('p', 'u', 'x')
WHERE x.indrelid = ANY(%(tables)s::oid[])
ORDER BY i.relname
"""

# The view hides what a build is about from roles without pg_read_all_stats; the build's lock on the table is
# visible to everyone, so an index that is being built is not taken for one that died.
BUILDS = """
SELECT p.pid, p.datname::text AS database, coalesce(p.relid::int8, l.relation::int8) AS table_oid,
       nullif(p.index_relid, 0)::int8 AS index_oid, p.command, p.phase,
       p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total, p.lockers_done, p.lockers_total,
       a.usename::text AS user, a.application_name AS application,
       extract(epoch FROM now() - coalesce(a.query_start, a.backend_start))::float8 AS age_s
FROM pg_stat_progress_create_index p
LEFT JOIN pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_locks l ON p.relid IS NULL AND l.pid = p.pid AND l.locktype = 'relation' AND l.granted
     AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock')
WHERE p.datname = current_database()
"""

PARTITIONS = """
SELECT t.relid::oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       t.parentrelid::oid::int8 AS parent, t.isleaf AS leaf, t.level
FROM pg_partition_tree(%(table)s::oid) t
JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY t.level, c.relname
"""

ATTACHED = """
SELECT h.inhrelid::int8 AS child, h.inhparent::int8 AS parent
FROM pg_inherits h JOIN pg_index x ON x.indexrelid = h.inhparent WHERE x.indrelid = ANY(%(tables)s::oid[])
"""


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
