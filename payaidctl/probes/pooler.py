"""The pooler: mode, limits, pools, waiting clients, longest wait; or whether DATABASE_URL is pooled at all."""

from typing import Any
from urllib.parse import urlsplit

from psycopg import AsyncClientCursor, AsyncConnection, Error
from psycopg.rows import dict_row

from payaidctl.errors import Unreachable
from payaidctl.probes import _postgres
from payaidctl.target import Target, mask

NAMED_BY = ("PGBOUNCER_ADMIN_URL", "DATABASE_URL_POOLER", "DATABASE_URL")
WRITES = ""
SETTINGS = (
    "pool_mode",
    "max_client_conn",
    "default_pool_size",
    "reserve_pool_size",
    "max_prepared_statements",
    "query_wait_timeout",
    "server_idle_timeout",
)


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """`pooled` by what DATABASE_URL leads to; the rest from the admin console where one is named, else None."""
    url = target.get("DATABASE_URL_POOLER", "DATABASE_URL")
    facts: dict[str, Any] = {"pooled": None, "encrypted": None, "port": None, "console": False}
    if url:
        facts |= await _application(url, timeout_s)
    if admin := target.get("PGBOUNCER_ADMIN_URL"):
        facts |= await _console(admin, timeout_s)
    return facts


async def _application(url: str, timeout_s: float) -> dict[str, Any]:
    async with _postgres.connect(url, timeout_s) as connection:
        pooled = await _postgres.is_pooled(connection)
        secure = _postgres.encrypted(connection)
    parts = urlsplit(url)
    return {"pooled": pooled, "encrypted": secure, "host": parts.hostname, "port": parts.port or 5432}


async def _console(url: str, timeout_s: float) -> dict[str, Any]:
    """SHOW VERSION, CONFIG, POOLS and DATABASES. The console speaks the simple protocol only."""
    try:
        connection = await AsyncConnection.connect(
            url,
            autocommit=True,
            prepare_threshold=None,
            cursor_factory=AsyncClientCursor,
            row_factory=dict_row,
            connect_timeout=max(2, round(timeout_s)),
        )
        async with connection:
            version = await _show(connection, "VERSION")
            settings = {row["key"]: row["value"] for row in await _show(connection, "CONFIG")}
            pools = await _show(connection, "POOLS")
            databases = await _show(connection, "DATABASES")
    except Error as error:
        raise Unreachable(f"PgBouncer's console at {mask(url)}: {_postgres.reason(error)}") from error
    return {"console": True, "version": str(next(iter(version[0].values())))} | summarise(settings, pools, databases)


async def _show(connection: AsyncConnection[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    cursor = await connection.execute(f"SHOW {what}".encode())
    return await cursor.fetchall()


def summarise(settings: dict[str, Any], pools: list[dict[str, Any]], databases: list[dict[str, Any]]) -> dict[str, Any]:
    """The console's answers as facts. Pure; columns that a version lacks count as zero."""
    application = [pool for pool in pools if pool["database"] != "pgbouncer"]
    return {
        **{name: _number(settings.get(name)) for name in SETTINGS},
        "pools": [
            {
                "name": f"{pool['database']}/{pool['user']}",
                "mode": pool.get("pool_mode"),
                "active": int(pool["cl_active"]),
                "waiting": int(pool["cl_waiting"]),
                "servers": int(pool["sv_active"]) + int(pool["sv_idle"]) + int(pool.get("sv_used") or 0),
                "max_wait_s": int(pool.get("maxwait") or 0) + int(pool.get("maxwait_us") or 0) / 1e6,
            }
            for pool in application
        ],
        "modes": sorted({str(pool.get("pool_mode")) for pool in application} or {str(settings.get("pool_mode"))}),
        "waiting": sum(int(pool["cl_waiting"]) for pool in application),
        "worst_wait_s": max(
            (int(pool.get("maxwait") or 0) + int(pool.get("maxwait_us") or 0) / 1e6 for pool in application),
            default=0.0,
        ),
        "paused": sorted(row["name"] for row in databases if int(row.get("paused") or 0)),
        "disabled": sorted(row["name"] for row in databases if int(row.get("disabled") or 0)),
    }


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value
