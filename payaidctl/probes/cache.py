"""The cache, proven as a caller sees it: read through the API again and again, and look at Cache-Status."""

import asyncio
from typing import Any

import httpx

from payaidctl.errors import Unreachable
from payaidctl.probes import _caller, http
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""
# The roadmap's high-traffic endpoints.
PATHS = (
    "/api/v1/crm/contacts",
    "/api/v1/crm/deals",
    "/api/v1/crm/tasks",
    "/api/v1/finance/invoices",
    "/api/v1/dashboard/stats",
)
READS = 6


async def look(target: Target, timeout_s: float, paths: tuple[str, ...] = PATHS) -> dict[str, Any]:
    """Each path read several times by one user; `hit` if the later readings come from the cache, byte for byte."""
    speaker = await _caller.caller(target, timeout_s)
    try:
        async with http.client(target, timeout_s) as client:
            read = await asyncio.gather(*(_read(client, path, speaker.headers) for path in paths))
    except httpx.HTTPError as error:
        raise Unreachable(f"{target.need('API_URL')}: {str(error) or type(error).__name__}") from error
    return {
        "endpoints": {one["path"]: one for one in read},
        "asked": len(read),
        "cached": sum(one["hit"] for one in read),
        "not_cached": [f"{one['path']}: {one['says']}" for one in read if not one["hit"]],
        "public": [one["path"] for one in read if one["public"]],
    }


async def _read(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """One after the other: the first may miss, and so may one more on each worker whose L1 is cold."""
    answers = []
    for _ in range(READS):
        answers.append(await client.get(path, headers=headers))
        await asyncio.sleep(0.03)  # a fill is written to L2 behind the answer's back
    return {"path": path} | judge_reads(answers)


def _told(answer: httpx.Response) -> str:
    if answer.status_code != httpx.codes.OK:
        return f"status {answer.status_code}"
    return str(answer.headers.get("cache-status") or "no Cache-Status")


def judge_reads(answers: list[httpx.Response]) -> dict[str, Any]:
    """What the series of answers tells. A hit must carry the same bytes as the answer before it."""
    said = [answer.headers.get("cache-status", "") for answer in answers]
    hits = sum("; hit" in one for one in said)
    last = answers[-1]
    fine = all(answer.status_code == httpx.codes.OK for answer in answers)
    same = len({answer.content for answer in answers[1:]}) == 1
    control = last.headers.get("cache-control", "")
    return {
        "statuses": sorted({answer.status_code for answer in answers}),
        "says": " · ".join(dict.fromkeys(map(_told, answers))),
        "hits": hits,
        "reads": len(answers),
        "same_body": same,
        "hit": fine and same and "; hit" in said[-1],
        # Tenant data in a shared cache is another tenant's data.
        "public": "public" in control or "s-maxage" in control,
    }
