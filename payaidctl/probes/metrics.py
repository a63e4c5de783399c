"""The service's figures: scrape, call, scrape again. Which are there, from which workers, and do they move?"""

import asyncio
import time
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from payaidctl.errors import Unreachable
from payaidctl.probes import http
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""
CALLS = 10
# What an instance tells is a second old, and its other workers' figures another second.
PATIENCE_S = 4.0
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
    requests, moved = "payaid_http_requests_total", 0.0
    async with http.client(target, timeout_s) as client:
        before, _ = await scrape(client, target)
        calls = await asyncio.gather(*(client.get("/api/health") for _ in range(CALLS)))
        deadline = time.monotonic() + min(PATIENCE_S, timeout_s / 2)
        while True:
            after, families = await scrape(client, target)
            moved = _sum(after, requests) - _sum(before, requests)
            if moved >= CALLS or time.monotonic() >= deadline:
                break
            await asyncio.sleep(0.25)
    return {
        "families": sorted(family for family in families if family.startswith("payaid_")),
        "missing": [name for name in WANTED if name.removesuffix("_total") not in families],
        "workers": sorted({dict(labels)["worker"] for _, labels in after if "worker" in dict(labels)}),
        "calls": len(calls),
        "moved": moved,
        "moved_enough": moved >= CALLS,
    }


async def scrape(client: httpx.AsyncClient, target: Target) -> tuple[Samples, set[str]]:
    """Every sample by name and labels, and the families' names; with METRICS_TOKEN where the target has one."""
    token = target.get("METRICS_TOKEN")
    try:
        answer = await client.get("/metrics", headers={"authorization": f"Bearer {token}"} if token else {})
    except httpx.HTTPError as error:
        raise Unreachable(f"{client.base_url}/metrics: {str(error) or type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        why = "" if answer.status_code != httpx.codes.UNAUTHORIZED else ": set METRICS_TOKEN here as the service has it"
        raise Unreachable(f"{client.base_url}/metrics answers {answer.status_code}{why}")
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
