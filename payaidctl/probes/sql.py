"""One read-only statement on the primary or on every replica; its rows are the facts."""

import asyncio
from typing import Any

from payaidctl.errors import UsageError
from payaidctl.probes import NotNamed, _postgres
from payaidctl.target import Target, mask

NAMED_BY = ("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_URL_POOLER", "DATABASE_URL")
WRITES = ""
SERVERS = ("primary", "replicas")


async def look(
    target: Target, timeout_s: float, statement: str, server: str = "primary", table: str = ""
) -> dict[str, Any]:
    """`rows`, `count`, and the first row's columns by their own names. Rows of a replica tell its `server`.

    Raises:
        NotNamed: there is no replica, or the database has no such `table`: it is another system's.
    """
    if server not in SERVERS:
        raise UsageError(f"server `{server}` is neither of {', '.join(SERVERS)}")
    if table and not await _there(target, timeout_s, table):
        raise NotNamed(f"the database has no table {table}")
    if server == "primary":
        rows = await _postgres.query(_postgres.primary_url(target), statement, timeout_s)
    elif urls := target.replica_urls:
        answers = await asyncio.gather(*(_postgres.query(url, statement, timeout_s) for url in urls))
        rows = [
            {"server": mask(url).split("@")[-1]} | row
            for url, found in zip(urls, answers, strict=True)
            for row in found
        ]
    else:
        raise NotNamed(f"DATABASE_READ_URL is not set in {target.origin}")
    return (rows[0] if rows else {}) | {"rows": rows, "count": len(rows)}


async def _there(target: Target, timeout_s: float, table: str) -> bool:
    question = "SELECT to_regclass(%(table)s) IS NOT NULL AS there"
    rows = await _postgres.query(_postgres.primary_url(target), question, timeout_s, {"table": table})
    return bool(rows[0]["there"])
