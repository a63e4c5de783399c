"""The service's processes by their own figures: descriptors in use and allowed, connections, memory, age."""

import time
from collections import defaultdict
from typing import Any

from payaidctl.probes import http, metrics
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""
OPEN, MOST = "payaid_process_open_fds", "payaid_process_max_fds"


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """Each process's figures; the `fewest` descriptors that one may open, and the `fullest` one's share in use."""
    async with http.client(target, timeout_s) as client:
        samples, _ = await metrics.scrape(client, target)
    return judge(samples, time.time())


def judge(samples: metrics.Samples, now: float) -> dict[str, Any]:
    """The scrape as facts. Pure."""
    told: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (name, labels), value in samples.items():
        if name.startswith("payaid_process_"):
            told[dict(labels)["worker"]][name] = value
    found = {name: figures for name, figures in told.items() if MOST in figures}
    shares = [100 * figures[OPEN] / figures[MOST] for figures in found.values() if figures[MOST]]
    return {
        "processes": {name: _figures(figures, now) for name, figures in sorted(told.items())},
        "count": len(told),
        "fewest": min((int(figures[MOST]) for figures in found.values()), default=None),
        "fullest": round(max(shares), 1) if shares else None,
    }


def _figures(figures: dict[str, float], now: float) -> dict[str, Any]:
    return {
        "descriptors": int(figures.get(OPEN, 0)),
        "descriptors_allowed": int(figures.get(MOST, 0)),
        "resident_bytes": int(figures.get("payaid_process_resident_bytes", 0)),
        "up_s": round(now - figures.get("payaid_process_start_seconds", now)),
    }
