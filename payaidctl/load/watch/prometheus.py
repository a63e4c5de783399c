"""The service's own counters, at /metrics: hits by class, limiter decisions, statuses, reads, waits, restarts."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import httpx

LINE = re.compile(r"(?P<name>payaid_[a-z0-9_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>[^ ]+)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parse(text: str) -> Series:
    """Every payaid_ sample by name and labels. Buckets of histograms are left out: latency is measured outside."""
    found: Series = {}
    for line in text.splitlines():
        if not line.startswith("payaid_") or "_bucket{" in line:
            continue
        if match := LINE.match(line):
            labels = tuple(sorted(LABEL.findall(match["labels"] or "")))
            found[match["name"], labels] = float(match["value"])
    return found


def total(series: Series, name: str, *by: str, **only: str) -> dict[tuple[str, ...], float]:
    """A metric summed over all labels but `by`, of samples that carry `only`."""
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for (sample, labels), value in series.items():
        if sample == name:
            values = dict(labels)
            if all(values.get(label) == wanted for label, wanted in only.items()):
                sums[tuple(values.get(label, "") for label in by)] += value
    return dict(sums)


def starts(series: Series) -> dict[tuple[str, ...], float]:
    """When each worker started: a change in the run means that the server was restarted."""
    return total(series, "payaid_process_start_seconds", "worker")


class Prometheus:
    """Scrapes one URL. Its `tick` gives rates since the tick before."""

    name = "service"

    def __init__(self, url: str, token: str = "") -> None:
        self.url = f"{url.rstrip('/')}/metrics"
        self.client = httpx.AsyncClient(timeout=4, headers={"authorization": f"Bearer {token}"} if token else {})
        self.first: Series = {}
        self.before: Series = {}
        self.peaks: dict[str, float] = {}

    async def open(self) -> None:
        """The first scrape: what is not there cannot be watched."""
        self.first = self.before = await self._scrape()
        if not self.before:
            raise LookupError(f"{self.url} has no payaid_ metrics")

    async def tick(self) -> dict[str, float]:
        """Hits, misses, reads and refusals since the last tick; requests inside and waiting now."""
        now = await self._scrape()
        change = delta(self.before, now)
        self.before = now
        reading = {
            "hits": sum(value for (result,), value in _cached(change).items() if result.startswith(("hit", "stale"))),
            "lookups": sum(_cached(change).values()),
            "primaryReads": total(change, "payaid_reads_total", "server").get(("primary",), 0.0),
            "replicaReads": total(change, "payaid_reads_total", "server").get(("replica",), 0.0),
            "inFlight": sum(total(now, "payaid_http_in_flight").values()),
            "poolWaiting": sum(total(now, "payaid_pool_waiting").values()),
        }
        for (class_, result), value in total(change, "payaid_cache_requests_total", "class", "result").items():
            side = "hits" if result.startswith(("hit", "stale")) else "misses"
            reading[f"{side}.{class_}"] = reading.get(f"{side}.{class_}", 0.0) + value
        for peak in ("inFlight", "poolWaiting"):
            self.peaks[peak] = max(self.peaks.get(peak, 0.0), reading[peak])
        return reading

    async def mark(self) -> tuple[Series, dict[str, float]]:
        """All counters, and the peaks since the last mark."""
        peaks, self.peaks = self.peaks, {}
        return await self._scrape(), peaks

    def difference(self, begin: tuple[Series, Any], end: tuple[Series, dict[str, float]]) -> dict[str, Any]:
        """The plateau, as the service counted it."""
        change, peaks = delta(begin[0], end[0]), end[1]
        return {
            "requests": sum(total(change, "payaid_http_requests_total").values()),
            "statuses": _flat(total(change, "payaid_http_requests_total", "status")),
            "cache": _nested(total(change, "payaid_cache_requests_total", "class", "result")),
            "reads": _nested(total(change, "payaid_reads_total", "server", "reason")),
            "limiter": _flat(total(change, "payaid_limiter_decisions_total", "decision")),
            # Since the first user: the noisy tenant is watched from then on.
            "limiterDegraded": _degraded(delta(self.first, end[0])),
            "degradations": _flat(total(change, "payaid_degradations_total", "what")),
            "peaks": peaks,
            "restarted": starts(begin[0]) != starts(end[0]),
            "workers": len(starts(end[0])),
        }

    async def close(self) -> None:
        """Hang up."""
        await self.client.aclose()

    async def _scrape(self) -> Series:
        answer = await self.client.get(self.url)
        answer.raise_for_status()
        return parse(answer.text)


def delta(begin: Series, end: Series) -> Series:
    """What was added in between. A counter that went back (a restarted process) counts from nothing."""
    return {key: value - begin.get(key, 0.0) if value >= begin.get(key, 0.0) else value for key, value in end.items()}


# What a signed-in request looks up on the way (sessions), or what a proxy would keep (static), is no answer.
NOT_ANSWERS = frozenset({"sessions", "static"})


def _cached(change: Series) -> dict[tuple[str, ...], float]:
    by_class = total(change, "payaid_cache_requests_total", "class", "result")
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for (class_, result), value in by_class.items():
        if class_ not in NOT_ANSWERS:
            sums[(result,)] += value
    return dict(sums)


def _degraded(change: Series) -> float:
    return sum(total(change, "payaid_limiter_decisions_total", decision="degraded").values())


def _flat(sums: Mapping[tuple[str, ...], float]) -> dict[str, float]:
    return {key[0]: value for key, value in sorted(sums.items()) if value}


def _nested(sums: Mapping[tuple[str, ...], float]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (outer, inner), value in sorted(sums.items()):
        if value:
            found.setdefault(outer, {})[inner] = value
    return found
