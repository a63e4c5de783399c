"""One index by itself: an empty temporary table of the same name that has this index and no other.

Unqualified names find a temporary table first, so the very same statement is planned against it, under the same
row-level security. Whether an index matches a statement's conditions does not depend on the rows; whether it is the
best one does, and that is asked of the real table. The real table is not touched, let alone its indexes dropped.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from payaidctl.indexes.actual import Table
from payaidctl.indexes.declared import Declaration, quote, render

# What a policy says about reading, combined as Postgres combines policies: permissive ones widen.
POLICIES = """
SELECT c.relrowsecurity,
       ARRAY(SELECT format('CREATE POLICY %%I ON pg_temp.%%I AS %%s FOR SELECT USING (%%s)', p.polname, c.relname,
                           CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                           pg_get_expr(p.polqual, p.polrelid))
             FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*') AND p.polqual IS NOT NULL)
FROM pg_class c WHERE c.oid = %(table)s
"""
APART = "__alone"
LEAKPROOF = """
SELECT coalesce(bool_and(p.proleakproof), false)
FROM pg_opclass oc JOIN pg_amop a ON a.amopfamily = oc.opcfamily AND a.amoplefttype = oc.opcintype
     AND a.amoprighttype = oc.opcintype AND a.amoppurpose = 's'
JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_proc p ON p.oid = o.oprcode
WHERE oc.oid = ANY(%(opclasses)s::oid[])
"""


async def shadow(connection: AsyncConnection[Any], declared: Declaration, table: Table) -> str:
    """Make the copy within the open transaction, and return its index's name. Needs TEMP on the database."""
    name = quote(table.name)
    await connection.execute(f"CREATE TEMPORARY TABLE {name} (LIKE {quote(table.schema)}.{name})".encode())
    index = declared.name[: 63 - len(APART)] + APART
    await connection.execute(render(declared, name=index, table=f"pg_temp.{name}").encode())
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(POLICIES, {"table": table.oid})
        row = await cursor.fetchone()
    if row is not None:
        await _wall(connection, name, enabled=row[0], policies=row[1])
    return index


async def leakproof(connection: AsyncConnection[Any], opclasses: Sequence[int]) -> bool:
    """Whether every operator that these classes search with tells nothing of the rows it is asked about."""
    cursor = await connection.execute(LEAKPROOF, {"opclasses": list(opclasses)})
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _wall(connection: AsyncConnection[Any], name: str, *, enabled: bool, policies: Sequence[str]) -> None:
    """The same policies, forced: we own the copy, and would be under them on the real table (or bypass both)."""
    if not enabled:
        return
    for policy in policies:
        await connection.execute(policy.encode())
    await connection.execute(f"ALTER TABLE pg_temp.{name} ENABLE ROW LEVEL SECURITY".encode())
    await connection.execute(f"ALTER TABLE pg_temp.{name} FORCE ROW LEVEL SECURITY".encode())
