"""Verification: read, judge, prove, and say it as findings."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from payaidctl.finding import Finding
from payaidctl.indexes import canonical, declared
from payaidctl.indexes.difference import Judgement, judge
from payaidctl.indexes.findings import finding
from payaidctl.indexes.session import looking


async def judgements(
    connection: AsyncConnection[Any],
    wanted: Sequence[declared.Declaration],
    schema: str,
    *,
    copies: bool = True,
) -> tuple[list[Judgement], str]:
    """The state of each declared index, and how the declarations were read."""
    read = await canonical.read(connection, wanted, schema, copies=copies)
    return [judge(one, read.meanings.get(one.name), read.catalogue) for one in wanted], read.how


async def verify(
    direct_url: str,
    *,
    index_set: str = "roadmap",
    only: Sequence[str] = (),
    schema: str = "public",
    prove: bool = True,
    replicas: Sequence[str] = (),
    timeout_s: float = 5,
) -> list[Finding]:
    """One finding for each declared index.

    Raises:
        Unreachable: the database cannot be looked at.
        UsageError: no such set or index.
    """
    wanted = declared.declarations(index_set, only)
    async with looking(direct_url, "verify-indexes", timeout_s) as connection:
        judged, _how = await judgements(connection, wanted, schema)
    return [finding(one) for one in judged]
