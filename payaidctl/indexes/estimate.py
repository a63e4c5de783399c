"""How much disk a build will take, before it begins: a full disk stops the whole database, not only the build."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, errors

from payaidctl.errors import UsageError
from payaidctl.indexes.actual import Table
from payaidctl.indexes.definition import Definition
from payaidctl.indexes.repair import Plan
from payaidctl.indexes.steps import Kind
from payaidctl.tell.table import size

LOOPBACK = ("127.0.0.1", "::1", "localhost")
WIDTHS = """
SELECT quote_ident(a.attname), coalesce(s.avg_width * (1 - s.null_frac), 16)::float8
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
WHERE a.attrelid = %(table)s AND a.attnum > 0 AND NOT a.attisdropped
"""
# An expression has no statistics before its index exists; most are as wide as a short text.
EXPRESSION_WIDTH = 32.0
# Of a B-tree page 8,152 octets are for entries, filled to 90 %; of other kinds, the table's own size is a fair guess.
USABLE = 0.9 * 8152


def octets(meaning: Definition, table: Table, widths: Mapping[str, float]) -> int:
    """The index's size, about. Pure."""
    if meaning.method != "btree" or table.rows < 0:
        return table.size
    columns = [*(key.text for key in meaning.keys), *meaning.include]
    width = sum(widths.get(column, EXPRESSION_WIDTH) for column in columns)
    return round(8192 * (1 + table.rows * (12 + width + 4) / USABLE))


async def needed(connection: AsyncConnection[Any], plans: Sequence[Plan]) -> int:
    """The disk that these plans take at their height: every new index, and the largest one's sort once more."""
    sizes = [0]
    for one in plans:
        table, meaning = one.judged.table, one.judged.wanted
        if table is None or meaning is None or not any(step.kind is Kind.BUILD for step in one.steps):
            continue
        cursor = await connection.execute(WIDTHS, {"table": table.oid})
        sizes.append(octets(meaning, table, dict(await cursor.fetchall())))
    return sum(sizes) + max(sizes)


async def free(connection: AsyncConnection[Any], volume: Path | None) -> int | None:
    """The free space of the server's disk, where it is ours to see: `volume`, or a data directory on this machine."""
    if volume is None and connection.info.host in LOOPBACK:
        try:
            cursor = await connection.execute("SHOW data_directory")
        except errors.InsufficientPrivilege:
            return None
        row = await cursor.fetchone()
        volume = Path(row[0]) if row else None
    try:
        return shutil.disk_usage(volume).free if volume else None
    except OSError:
        return None  # loopback may be a tunnel or a container's port: its data directory is not on this disk


async def check(connection: AsyncConnection[Any], plans: Sequence[Plan], volume: Path | None) -> str:
    """What the plans take and what there is, in words; empty where nothing is built.

    Raises:
        UsageError: they will not fit.
    """
    wanted = await needed(connection, plans)
    if not wanted:
        return ""
    available = await free(connection, volume)
    if available is None:
        return f"takes about {size(wanted)} of disk on the server, where the free space is not ours to see"
    if wanted > available:
        raise UsageError(
            f"these indexes take about {size(wanted)} of disk, and {size(available)} are free",
            "make room, or build fewer at a time with --only",
        )
    return f"takes about {size(wanted)} of disk; {size(available)} are free"
