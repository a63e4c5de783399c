"""From the exposition's text to what an operator looks at: rates, quantiles, shares. Pure; the /ops page draws it.

Every counter is since its process began. `counters` carries them by key, so that a script that asks twice can tell
what happened in between.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from payaid.telemetry.prometheus import BOUNDS

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? ([^ ]+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")
HITS = frozenset({"hit_l1", "hit_l2", "stale"})
ROUTES_SHOWN = 25
JOB_STATES = ("scheduled", "pending", "handed", "running", "retrying", "uncertain", "dead")
Labels = Mapping[str, str]
Samples = Mapping[str, Sequence[tuple[Labels, float]]]


def parse(text: str) -> Samples:
    """Samples by name. Its own few lines: the library's parser takes a hundred times as long, on the event's core."""
    found: defaultdict[str, list[tuple[Labels, float]]] = defaultdict(list)
    for line in text.splitlines():
        if line.startswith("payaid_") and (match := SAMPLE.match(line)):
            labels = {name: ESCAPED.sub(_plain, value) for name, value in LABEL.findall(match[2] or "")}
            found[match[1]].append((labels, float(match[3])))
    return found


def _plain(escaped: re.Match[str]) -> str:
    return "\n" if escaped[1] == "n" else escaped[1]


def figures(text: str, now: float) -> dict[str, Any]:
    """All that the page shows, of one instance, at the Unix time `now`."""
    samples = parse(text)
    counters: dict[str, Any] = {}
    return {
        "routes": _routes(samples, counters),
        "total": _total(samples, counters),
        "classes": _classes(samples, counters),
        "limiter": _table(samples, "payaid_limiter_decisions_total", ("decision", "tier"), "limiter", counters),
        "reads": _reads(samples, counters),
        "degradations": _table(samples, "payaid_degradations_total", ("what",), "degraded", counters),
        "pools": _pools(samples),
        "lag": _largest(samples, "payaid_replica_lag_bytes", ("replica",)),
        "queue": _queue(samples, counters),
        "processes": _processes(samples, now, counters),
        "counters": counters,
    }


def _sum(samples: Samples, name: str, labels: tuple[str, ...]) -> Counter[tuple[str, ...]]:
    """A family added up over everything but these labels."""
    found: Counter[tuple[str, ...]] = Counter()
    for given, value in samples.get(name, ()):
        found[tuple(given.get(label, "") for label in labels)] += value  # type: ignore[assignment]
    return found


def _largest(samples: Samples, name: str, labels: tuple[str, ...]) -> dict[tuple[str, ...], float]:
    """What several processes tell of the same thing: the worst counts."""
    found: dict[tuple[str, ...], float] = {}
    for given, value in samples.get(name, ()):
        key = tuple(given.get(label, "") for label in labels)
        found[key] = max(found.get(key, 0.0), value)
    return found


def _buckets(samples: Samples) -> dict[tuple[str, str], list[float]]:
    """Requests of each route and method by bucket of time, each bucket for itself; the last has no bound."""
    edges = [*map(str, BOUNDS), "+Inf"]
    sums = _sum(samples, "payaid_http_request_seconds_bucket", ("route", "method", "le"))
    found = {}
    for route, method in {(route, method) for route, method, _ in sums}:
        running = [sums[route, method, edge] for edge in edges]
        found[route, method] = [float(b - a) for a, b in zip([0, *running], running, strict=False)]
    return found


def quantile(buckets: Sequence[float], share: float) -> float | None:
    """Seconds below which `share` of the answers came, straight between a bucket's bounds; None without any.

    In the bucket without a bound it is the last bound: as much as is known.
    """
    total = sum(buckets)
    if not total:
        return None
    rank, passed = share * total, 0.0
    for number, count in enumerate(buckets[:-1]):
        if count and passed + count >= rank:
            low = BOUNDS[number - 1] if number else 0.0
            return low + (BOUNDS[number] - low) * (rank - passed) / count
        passed += count
    return BOUNDS[-1]


def _quantiles(buckets: Sequence[float]) -> dict[str, Any]:
    return {name: quantile(buckets, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}


def _routes(samples: Samples, counters: dict[str, Any]) -> list[dict[str, Any]]:
    """The busiest routes, most requests first."""
    failed = _failures(samples)
    buckets = _buckets(samples)
    rows = []
    for (route, method), counts in sorted(buckets.items(), key=lambda item: (-sum(item[1]), item[0]))[:ROUTES_SHOWN]:
        key = f"route {method} {route}"
        counters[key] = counts
        row = {"key": key, "route": route, "method": method, "requests": sum(counts)}
        rows.append(row | {"failed": failed[route, method]} | _quantiles(counts))
    return rows


def _failures(samples: Samples) -> Counter[tuple[str, ...]]:
    """5xx answers by route and method."""
    found: Counter[tuple[str, ...]] = Counter()
    for (route, method, status), count in _sum(
        samples, "payaid_http_requests_total", ("route", "method", "status")
    ).items():
        if status.startswith("5"):
            found[route, method] += count
    return found


def _total(samples: Samples, counters: dict[str, Any]) -> dict[str, Any]:
    """The instance as a whole. Sessions are looked up with every request: they are no answers, and left out of hits."""
    added = [sum(column) for column in zip(*_buckets(samples).values(), strict=True)] or [0.0]
    cache = _sum(samples, "payaid_cache_requests_total", ("class", "result"))
    asked = sum(count for (kind, _), count in cache.items() if kind != "sessions")
    hits = sum(count for (kind, result), count in cache.items() if kind != "sessions" and result in HITS)
    failed = sum(_failures(samples).values())
    counters |= {"all": added, "hits": hits, "asked": asked, "failed": failed}
    return {
        "requests": sum(added), "failed": failed, "hits": hits, "asked": asked, "hit_rate": _percent(hits, asked),
        "error_rate": _percent(failed, sum(added)),
        "in_flight": sum(_sum(samples, "payaid_http_in_flight", ()).values()),
        "active": sum(_sum(samples, "payaid_active_users", ()).values()),
    } | _quantiles(added)  # fmt: skip


def _classes(samples: Samples, counters: dict[str, Any]) -> list[dict[str, Any]]:
    cache = _sum(samples, "payaid_cache_requests_total", ("class", "result"))
    rows = []
    for kind in sorted({kind for kind, _ in cache}):
        results = {result: count for (of, result), count in cache.items() if of == kind}
        asked, hits = sum(results.values()), sum(count for result, count in results.items() if result in HITS)
        counters |= {f"class {kind} hits": hits, f"class {kind} asked": asked}
        rows.append({"class": kind, "asked": asked, "hit_rate": _percent(hits, asked), "results": results})
    return rows


def _reads(samples: Samples, counters: dict[str, Any]) -> list[dict[str, Any]]:
    """Who answered reads: the cache, the replicas, the primary, with the reasons."""
    sums = _sum(samples, "payaid_reads_total", ("server", "reason"))
    whole = sum(sums.values())
    rows = []
    for server in sorted({server for server, _ in sums}, key=lambda name: (name == "primary", name)):
        reasons = {reason: count for (of, reason), count in sums.items() if of == server}
        counters[f"reads {server}"] = sum(reasons.values())
        rows.append({"server": server, "reads": sum(reasons.values()), "reasons": reasons,
                     "share": _percent(sum(reasons.values()), whole)})  # fmt: skip
    counters["reads"] = whole
    return rows


def _table(
    samples: Samples, name: str, labels: tuple[str, ...], prefix: str, counters: dict[str, Any]
) -> list[dict[str, Any]]:
    """A counter by its labels, largest first."""
    rows = []
    for key, count in _sum(samples, name, labels).most_common():
        if count:
            counters[" ".join((prefix, *key))] = count
            rows.append({"key": " ".join((prefix, *key)), "labels": key, "count": count})
    return rows


def _pools(samples: Samples) -> list[dict[str, Any]]:
    """Connections of all processes of the instance, by server."""
    states = _sum(samples, "payaid_pool_connections", ("server", "state"))
    waiting = _sum(samples, "payaid_pool_waiting", ("server",))
    return [
        {"server": server, "open": states[server, "open"], "idle": states[server, "idle"], "waiting": waiting[server,]}
        for server in sorted({server for server, _ in states})
    ]


def _queue(samples: Samples, counters: dict[str, Any]) -> dict[str, Any]:
    """Jobs as the workers tell of them. Each tells of the whole table, so the largest word counts, not the sum."""
    jobs = _largest(samples, "payaid_jobs_now", ("task", "state"))
    oldest = _largest(samples, "payaid_jobs_oldest_seconds", ("task", "state"))
    running = _sum(samples, "payaid_jobs_running", ("worker",))
    waiting = [oldest[key] for key in oldest if key[1] in {"pending", "handed"} and jobs.get(key)]
    tasks = sorted({task for task, _ in jobs})
    return {
        "workers": len(running),
        "running": sum(running.values()),
        "oldest_s": max(waiting, default=None),
        "states": JOB_STATES,
        "tasks": [
            {"task": task, "states": {state: jobs.get((task, state), 0) for state in JOB_STATES}} for task in tasks
        ],
        "ended": _table(samples, "payaid_jobs_total", ("task", "outcome"), "job", counters),
    }  # fmt: skip


def _processes(samples: Samples, now: float, counters: dict[str, Any]) -> list[dict[str, Any]]:
    """One row a process: the API's workers, and the job workers."""

    def of(name: str) -> Mapping[tuple[str, ...], float]:
        return _largest(samples, name, ("worker",))

    started, cpu, memory = (of(f"payaid_process_{name}") for name in ("start_seconds", "cpu_seconds", "resident_bytes"))
    descriptors, allowed = of("payaid_process_open_fds"), of("payaid_process_max_fds")
    requests = _sum(samples, "payaid_http_requests_total", ("worker",))
    hearing, jobs = of("payaid_hearing"), of("payaid_jobs_running")
    rows = []
    for key in sorted(started):
        name = key[0]
        counters |= {f"process {name}": requests[key], f"cpu {name}": cpu.get(key, 0.0)}
        rows.append({"name": name, "kind": "jobs" if key in jobs else "api", "up_s": max(0.0, now - started[key]),
                     "cpu_s": cpu.get(key), "resident": memory.get(key), "descriptors": descriptors.get(key),
                     "allowed": allowed.get(key), "requests": requests[key], "hearing": hearing.get(key)})  # fmt: skip
    return rows


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None
