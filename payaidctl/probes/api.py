"""The API: live, ready, version, latency, and the instances that answered."""

import asyncio
import time
from typing import Any

import httpx

from payaidctl.errors import Unreachable
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""
CALLS = 20


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """Health answers, and enough calls on connections of their own that a balancer shows its instances."""
    url = target.need("API_URL").rstrip("/")
    try:
        async with httpx.AsyncClient(base_url=url, timeout=timeout_s, follow_redirects=False) as client:
            live = await client.get("/health/live")
            ready = await client.get("/health/ready")
            health = await client.get("/api/health")
            missing = await _anonymous(client, timeout_s)
        calls = await asyncio.gather(*(_call(url, timeout_s) for _ in range(CALLS)))
    except httpx.HTTPError as error:
        raise Unreachable(f"{url}: {_reason(error)}", "`payaidctl up`, or correct API_URL") from error
    taken = sorted(milliseconds for milliseconds, _ in calls)
    detail = _json(ready)
    return {
        "url": url,
        "tls": url.startswith("https://"),
        "live": live.status_code,
        "ready": ready.status_code,
        "health": health.status_code,
        "version": _json(health).get("version") or _json(live).get("version"),
        "parts": {k: v for k, v in detail.items() if k not in {"status", "version"}},
        "without_token": None if missing.status_code == httpx.codes.TOO_MANY_REQUESTS else missing.status_code,
        "instances": sorted({name for _, name in calls if name}),
        "clock_skew_s": _skew(live),
        "p50_ms": round(taken[len(taken) // 2], 2),
        "p99_ms": round(taken[-1], 2),
    }


async def _anonymous(client: httpx.AsyncClient, timeout_s: float) -> httpx.Response:
    """What a caller without a token is told. One who asked too often before is not told, so it waits if it is short."""
    answer = await client.get("/api/v1/crm/contacts")
    wait = int(answer.headers.get("retry-after", 3600)) if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else 0
    if 0 < wait <= timeout_s:
        await asyncio.sleep(wait)
        answer = await client.get("/api/v1/crm/contacts")
    return answer


async def _call(url: str, timeout_s: float) -> tuple[float, str]:
    """One call on its own connection: its milliseconds after the handshake, and who answered."""
    async with httpx.AsyncClient(base_url=url, timeout=timeout_s) as client:
        first = await client.get("/health/live")
        begun = time.perf_counter()
        await client.get("/health/live")
        return (time.perf_counter() - begun) * 1000, first.headers.get("x-instance", "")


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _skew(response: httpx.Response) -> float | None:
    """Seconds between the instance's clock and ours, to its header's second; None without a Date header."""
    from email.utils import parsedate_to_datetime

    if "date" not in response.headers:
        return None
    told = parsedate_to_datetime(response.headers["date"]).timestamp()
    return round(abs(time.time() - told), 1)


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__
