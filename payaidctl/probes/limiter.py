"""The rate limit, proven on a spare tenant: 200 first, then 429 at the plan's limit, then 200 again."""

import asyncio
from typing import Any

import httpx

from payaidctl.errors import Unreachable
from payaidctl.probes import _caller, _valkey, http
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = "spends a spare tenant's budget for this minute, and gives it back"
PATH = "/api/v1/auth/me"
AT_ONCE = 10
# A window that ends within this is waited for; a later one is proven by giving the budget back.
PATIENCE_S = 12


async def look(target: Target, timeout_s: float, tier: str = "free") -> dict[str, Any]:
    """How many were admitted before the first 429, what it said, and whether the tenant is served again."""
    speaker = await _caller.caller(target, timeout_s, tier=tier, spare=True)
    key = f"rl:{speaker.tenant_id}"
    try:
        await _forget(target, key, timeout_s)
        async with http.client(target, timeout_s) as client:
            first = await client.get(PATH, headers=speaker.headers)
            limit = int(first.headers.get("x-ratelimit-limit", 0))
            answers = await _spend(client, speaker.headers, limit) if limit else []
            told = judge(first, answers)
            if told["refused"]:
                told |= await _recover(client, target, key, speaker.headers, answers, timeout_s)
    except httpx.HTTPError as error:
        raise Unreachable(f"{target.need('API_URL')}: {str(error) or type(error).__name__}") from error
    finally:
        await _forget(target, key, timeout_s)
    return {"tier": tier, "tenant": speaker.tenant_id, "recovered": False} | told


async def _spend(client: httpx.AsyncClient, headers: dict[str, str], limit: int) -> list[httpx.Response]:
    """Up to twice the limit, since a minute may end in between, until a batch is refused altogether."""
    answers: list[httpx.Response] = []
    while len(answers) < limit * 2 + AT_ONCE:
        batch = await asyncio.gather(*(client.get(PATH, headers=headers) for _ in range(AT_ONCE)))
        answers += batch
        if all(answer.status_code == httpx.codes.TOO_MANY_REQUESTS for answer in batch):
            break
    return answers


def judge(first: httpx.Response, answers: list[httpx.Response]) -> dict[str, Any]:
    """The series as facts. Pure."""
    refused = [one for one in answers if one.status_code == httpx.codes.TOO_MANY_REQUESTS]
    admitted = sum(one.status_code == httpx.codes.OK for one in (first, *answers))
    limit = int(first.headers.get("x-ratelimit-limit", 0))
    last = refused[-1] if refused else None
    return {
        "first": first.status_code,
        "limit": limit,
        "admitted": admitted,
        # A window's end in the middle may admit a second helping; anything above that is a leak.
        "within_limit": bool(limit) and limit - AT_ONCE <= admitted <= 2 * limit,
        "refused": len(refused),
        "other": sorted({one.status_code for one in answers} - {200, 429}),
        "retry_after_s": int(last.headers.get("retry-after", 0)) if last else None,
        "problem": last is not None and last.headers.get("content-type", "").startswith("application/problem+json"),
    }


async def _recover(
    client: httpx.AsyncClient,
    target: Target,
    key: str,
    headers: dict[str, str],
    answers: list[httpx.Response],
    timeout_s: float,
) -> dict[str, Any]:
    wait = int(answers[-1].headers.get("retry-after", 3600))
    if wait <= PATIENCE_S:
        await asyncio.sleep(wait + 0.2)
        how = "the window ended"
    else:
        await _forget(target, key, timeout_s)
        how = "the budget was given back"
    again = await client.get(PATH, headers=headers)
    return {"recovered": again.status_code == httpx.codes.OK, "recovered_how": how}


async def _forget(target: Target, key: str, timeout_s: float) -> None:
    async with _valkey.cache(target, timeout_s) as client:
        await client.delete(key)
