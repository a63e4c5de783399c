"""The clocks: the database's, the cache's and the API's, each against ours at the middle of its round trip."""

import time
from collections.abc import Awaitable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from redis.exceptions import RedisError

from payaidctl.errors import Unreachable
from payaidctl.probes import _postgres, _valkey, http
from payaidctl.target import Target

NAMED_BY = ("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_URL", "REDIS_CLUSTER_NODES", "REDIS_URL", "API_URL")
WRITES = ""
NOW = "SELECT extract(epoch FROM clock_timestamp())::float8 AS now"


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """`ahead_s` of each part that tells its time, and the `spread_s` between the earliest and the latest, ours too."""
    asked: dict[str, Awaitable[float | None]] = {}
    if url := target.get("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_URL_POOLER", "DATABASE_URL"):
        asked["database"] = _database(url, timeout_s)
    if target.get("REDIS_CLUSTER_NODES", "REDIS_URL"):
        asked["redis"] = _redis(target, timeout_s)
    if target.get("API_URL"):
        asked["api"] = _api(target, timeout_s)
    ahead, silent = {}, {}
    for name, question in asked.items():  # one after the other: side by side they would measure each other
        try:
            if (told := await question) is not None:
                ahead[name] = told
        except Unreachable as error:
            silent[name] = error
    if silent and not ahead:
        raise next(iter(silent.values()))
    return judge(ahead) | {"silent": sorted(silent)}


def judge(ahead: dict[str, float]) -> dict[str, Any]:
    """As facts. Pure."""
    seen = [0.0, *ahead.values()]
    return {
        "ahead_s": {name: round(value, 3) for name, value in ahead.items()},
        "compared": sorted(ahead),
        "spread_s": round(max(seen) - min(seen), 3) if ahead else None,
    }


async def _database(url: str, timeout_s: float) -> float:
    async with _postgres.connect(url, timeout_s) as connection:
        await connection.execute("SELECT 1")  # the connection's own time is not the question's
        begun = time.time()
        row = await (await connection.execute(NOW)).fetchone()
        assert row is not None  # noqa: S101  # a SELECT without FROM has one row
        return float(row["now"]) - (begun + time.time()) / 2


async def _redis(target: Target, timeout_s: float) -> float:
    node = next(iter((target.get("REDIS_CLUSTER_NODES") or "").replace(",", " ").split()), "")
    client = _valkey.node(target, node, timeout_s) if node else _valkey.connect(target.need("REDIS_URL"), timeout_s)
    try:
        await client.ping()
        begun = time.time()
        seconds, microseconds = await client.time()
        return int(seconds) + int(microseconds) / 1e6 - (begun + time.time()) / 2
    except (RedisError, OSError) as error:
        raise Unreachable(f"the cache's Redis: {_valkey.reason(error)}", "`payaidctl ping redis`") from error
    finally:
        await _valkey.close([client])


async def _api(target: Target, timeout_s: float) -> float | None:
    """None without a Date header. It counts whole seconds, so a difference below one is none."""
    try:
        async with http.client(target, timeout_s) as client:
            answer = await client.get("/health/live")
    except httpx.HTTPError as error:
        raise Unreachable(f"{target.need('API_URL')}: {str(error) or type(error).__name__}") from error
    if "date" not in answer.headers:
        return None
    late = time.time() - parsedate_to_datetime(answer.headers["date"]).timestamp()
    return 0.0 if 0 <= late < 1 else -late + (1 if late >= 1 else 0)
