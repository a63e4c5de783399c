"""Facts as Prometheus metrics. Counting is a dictionary's `+= 1`; names and types are made when somebody scrapes.

One registry a process, no shared files of half-written numbers: each worker writes its whole exposition to
RUN_DIR/metrics every second, and /metrics on any worker of the instance answers them all, told apart by `worker`.
"""

import resource
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from payaid import observe

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
Gauges = Callable[[], Iterable[tuple[str, str, dict[str, str], float]]]


class _Histogram:
    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def join(self, other: "_Histogram") -> None:
        self.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum

    def buckets(self) -> list[tuple[str, float]]:
        running, found = 0, []
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self.counts, strict=True):
            running += count
            found.append((bound, float(running)))
        return found


def _open_fds() -> int:
    """Linux tells their number without listing thousands of them; 0: this one does not (before 6.2)."""
    try:
        return Path("/proc/self/fd").stat().st_size
    except OSError:
        return 0


class Metrics(Collector):
    """One process's figures. `gauges` are asked at scrape time: pools, lag, entries.

    They are rendered on a thread, while the event loop goes on counting. So what it counts in is copied before it is
    looked through, by `dict(...)`: one step, in which no other thread gets a turn (`list(d.items())` is not, since its
    many tuples may call the cycle collector).
    """

    def __init__(self, worker: str, gauges: Gauges) -> None:
        self.worker = worker
        self._gauges = gauges
        self._started = time.time()
        self._process = psutil.Process()
        # One look-up a request; what it adds up to is worked out at scrape time.
        self._answers: defaultdict[tuple[Any, ...], _Histogram] = defaultdict(_Histogram)
        self._sessions: Counter[str] = Counter()
        self._reads: Counter[tuple[str, str]] = Counter()
        self._database: defaultdict[tuple[str], _Histogram] = defaultdict(_Histogram)
        self._degraded: Counter[tuple[str]] = Counter()
        self._others: Counter[str] = Counter()
        self._pauses: defaultdict[tuple[str], _Histogram] = defaultdict(_Histogram)
        self._active: dict[str, float] = {}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def subscribe(self) -> None:
        """Interpret every fact from now on."""
        observe.subscribe(observe.Answered, self._answered)
        observe.subscribe(observe.Read, self._read)
        observe.subscribe(observe.Wrote, lambda fact: self._database["write",].add(fact.seconds))
        observe.subscribe(observe.Degraded, lambda fact: self._degraded.update([(fact.what,)]))
        observe.subscribe(observe.Crashed, lambda _: self._others.update(["payaid_crashes"]))
        observe.subscribe(observe.EpochChanged, lambda _: self._others.update(["payaid_epoch_changes"]))
        observe.subscribe(observe.Heard, lambda fact: self._others.update({"payaid_notices": fact.notices}))
        observe.subscribe(observe.Collected, lambda fact: self._pauses[str(fact.generation),].add(fact.seconds))
        observe.subscribe(observe.SessionRead, lambda fact: self._sessions.update([fact.result]))

    def _answered(self, fact: observe.Answered) -> None:
        self._answers[fact[: observe.KIND]].add(fact.seconds)
        if fact.user:
            self._active[fact.user] = time.monotonic()

    def _read(self, fact: observe.Read) -> None:
        self._reads[fact.server, fact.reason] += 1
        self._database[fact.server,].add(fact.seconds)

    def collect(self) -> Iterator[Metric]:
        """Every family, as prometheus_client renders them."""
        requests, cache, limiter, reads, seconds = self._sums()
        yield self._counter("payaid_http_requests", "Requests answered.", ["route", "method", "status"], requests)
        yield self._histogram("payaid_http_request_seconds", "Time to answer.", ["route", "method"], seconds)
        yield self._counter("payaid_cache_requests", "Cache look-ups.", ["class", "result"], cache)
        yield self._counter("payaid_limiter_decisions", "Limiter decisions.", ["decision", "tier"], limiter)
        yield self._counter("payaid_reads", "Reads, by who answered and why.", ["server", "reason"], reads)
        yield self._histogram("payaid_db_seconds", "Time of one database call.", ["server"], self._database)
        yield self._histogram("payaid_gc_seconds", "Stops to collect cycles.", ["generation"], self._pauses)
        yield self._counter("payaid_degradations", "Lesser ways taken.", ["what"], self._degraded)
        for name in ("payaid_crashes", "payaid_epoch_changes", "payaid_notices"):
            yield self._counter(name, "Counted since the start.", [], Counter({(): self._others[name]}))
        yield from self._now()

    def _sums(self) -> tuple[Counter[Any], Counter[Any], Counter[Any], Counter[Any], dict[Any, "_Histogram"]]:
        """What the answers add up to: requests, cache look-ups, limiter decisions, reads, seconds."""
        requests: Counter[Any] = Counter()
        sessions = dict(self._sessions)
        cache: Counter[Any] = Counter({("sessions", result): count for result, count in sessions.items()})
        limiter: Counter[Any] = Counter()
        reads: Counter[Any] = Counter(dict(self._reads))
        seconds: defaultdict[Any, _Histogram] = defaultdict(_Histogram)
        identified = 0
        for (route, method, status, cache_class, result, decision, tier), histogram in dict(self._answers).items():
            count = sum(histogram.counts)
            seconds[route, method].join(histogram)
            requests[route, method, str(status)] += count
            if tier:
                identified += count
            if result:
                cache[cache_class, result] += count
            if result.startswith("hit") or result == "stale":
                reads["cache", result] += count
            if decision:
                limiter[decision, tier] += count
        # Whoever was identified without a look further was known: the commonest hit of all is not counted one by one.
        cache["sessions", "hit_l1"] += max(0, identified - sum(sessions.values()))
        return requests, cache, limiter, reads, seconds

    def _now(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, about, labels, value in [*self._own(), *self._gauges()]:
            if name not in families:
                families[name] = GaugeMetricFamily(name, about, labels=[*labels, "worker"])
            families[name].add_metric([*labels.values(), self.worker], value)
        yield from families.values()

    def _own(self) -> Iterator[tuple[str, str, dict[str, str], float]]:
        yield "payaid_process_start_seconds", "Start, as Unix time.", {}, self._started
        times = self._process.cpu_times()
        yield "payaid_process_cpu_seconds", "CPU used since the start.", {}, times.user + times.system
        yield "payaid_process_resident_bytes", "Resident memory.", {}, float(self._process.memory_info().rss)
        yield "payaid_process_open_fds", "Descriptors in use.", {}, float(_open_fds() or self._process.num_fds())
        yield "payaid_process_max_fds", "Descriptors allowed.", {}, float(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        since = time.monotonic() - 300
        for user, seen in dict(self._active).items():
            if seen <= since:
                self._active.pop(user, None)
        yield "payaid_active_users", "Users seen in five minutes.", {}, float(len(self._active))

    def _counter(self, name: str, about: str, labels: list[str], counts: Mapping[Any, int]) -> Metric:
        family = CounterMetricFamily(name, about, labels=[*labels, "worker"])
        for key, count in dict(counts).items():
            family.add_metric([*key, self.worker], count)
        return family

    def _histogram(self, name: str, about: str, labels: list[str], kept: Mapping[Any, _Histogram]) -> Metric:
        family = HistogramMetricFamily(name, about, labels=[*labels, "worker"])
        for key, histogram in dict(kept).items():
            family.add_metric([*key, self.worker], histogram.buckets(), histogram.sum)
        return family

    def exposition(self) -> bytes:
        """This process's figures as text."""
        return generate_latest(self.registry)
