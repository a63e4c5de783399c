"""The service's figures: scrape, call, scrape again. Which are there, from which workers, and do they move?"""

import asyncio
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from payaidctl.errors import Unreachable
from payaidctl.probes import http
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""
CALLS = 10
# The roadmap's list: rates, latency by route, cache by class, limiter, database, its split, what degraded.
WANTED = (
    "payaid_http_requests_total",
    "payaid_http_request_seconds",
    "payaid_cache_requests_total",
    "payaid_reads_total",
    "payaid_limiter_decisions_total",
    "payaid_db_seconds",
    "payaid_degradations_total",
)
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """`missing` families, `workers` that told, and by how much the request counter `moved` for calls we made."""
    async with http.client(target, timeout_s) as client:
        before, _ = await scrape(client)
        calls = await asyncio.gather(*(client.get("/api/health") for _ in range(CALLS)))
        after, families = await scrape(client)
    requests = "payaid_http_requests_total"
    moved = _sum(after, requests) - _sum(before, requests)
    return {
        "families": sorted(family for family in families if family.startswith("payaid_")),
        "missing": [name for name in WANTED if name.removesuffix("_total") not in families],
        "workers": sorted({dict(labels)["worker"] for _, labels in after if "worker" in dict(labels)}),
        "calls": len(calls),
        "moved": moved,
        "moved_enough": moved >= CALLS,
    }


async def scrape(client: httpx.AsyncClient) -> tuple[Samples, set[str]]:
    try:
        answer = await client.get("/metrics")
    except httpx.HTTPError as error:
        raise Unreachable(f"{client.base_url}/metrics: {str(error) or type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        raise Unreachable(f"{client.base_url}/metrics answers {answer.status_code}")
    try:
        families = list(text_string_to_metric_families(answer.text))
    except ValueError as error:
        raise Unreachable(f"{client.base_url}/metrics is not in Prometheus' format: {error}") from error
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    return samples, {family.name for family in families}


def _sum(samples: Samples, name: str) -> float:
    return sum(value for (sample, _), value in samples.items() if sample == name)
