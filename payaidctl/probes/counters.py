"""One family of the service's counters as they stand: every sample with its labels."""

from typing import Any

from payaidctl.probes import http, metrics
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""


async def look(target: Target, timeout_s: float, family: str) -> dict[str, Any]:
    """`samples`: the labels of each, with its `value`."""
    async with http.client(target, timeout_s) as client:
        samples, _ = await metrics.scrape(client, target)
    wanted = {family, f"{family}_total"}
    return {"samples": [dict(labels) | {"value": value} for (name, labels), value in samples.items() if name in wanted]}
