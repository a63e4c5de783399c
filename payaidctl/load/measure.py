"""From samples and watches to measures: what thresholds ask for, by request name and by class. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from payaidctl.load.quantile import Latency, corrected, raw
from payaidctl.load.sample import HITS, Cache, Sample, Wrong
from payaidctl.load.threshold import LATENCIES, METRICS

MISTAKES = frozenset({Wrong.TRANSPORT, Wrong.TIMEOUT, Wrong.STATUS, Wrong.BODY, Wrong.REFUSED})
ANSWERED = frozenset({Wrong.STATUS, Wrong.BODY, Wrong.REFUSED})
# No request's name has parentheses.
CACHED, UNCACHED = "(cached)", "(uncached)"
BY_CACHE = {CACHED: "requests that the cache answered", UNCACHED: "requests that the cache did not answer"}
READS = frozenset({"list", "detail", "stats", "search"})


class Unknown(Exception):
    """A figure that this run could not learn; the message says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a sample's name index stands for. `apart`: reported beside the verdict, not in it."""

    name: str
    kind: str
    apart: bool


@dataclass(slots=True)
class Group:
    """Samples that are looked at together: all of them, one name's, or one class'."""

    name: str
    kind: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Requests that were really sent."""
        return sum(sample.wrong != Wrong.UNSENT for sample in self.samples)

    @property
    def mistakes(self) -> int:
        """Requests that failed."""
        return sum(sample.wrong in MISTAKES for sample in self.samples)

    def latency(self) -> Latency:
        """Corrected for coordinated omission."""
        return Latency.of(corrected(self.samples))

    def latency_raw(self) -> Latency:
        """As each request saw it."""
        return Latency.of(raw(self.samples))

    def hit_rate(self) -> float:
        """Percent of the answers that said something of a cache, by their own headers."""
        told = Counter(sample.cache for sample in self.samples if sample.cache != Cache.SILENT)
        if not told:
            raise Unknown(f"no answer of `{self.name}` carried Cache-Status")
        return 100 * sum(count for cache, count in told.items() if cache in HITS) / sum(told.values())


class Measures:
    """All that is known about a plateau of `seconds`, asked for by metric and selector.

    `watched` maps a watch to its facts, `why_not` to the reason why it has none.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        steps: Sequence[Step],
        seconds: float,
        users: int,
        noisy: int,
        watched: Mapping[str, Mapping[str, Any]],
        why_not: Mapping[str, str],
    ) -> None:
        self.steps = steps
        self.seconds = seconds
        self.users = users
        self.noisy = noisy
        self.watched = watched
        self.why_not = why_not
        self.samples = samples

    @cached_property
    def groups(self) -> dict[str, Group]:
        """By key: empty for the whole, CACHED and UNCACHED for its two parts, a request's name, or `class X`."""
        found = {"": Group("all requests", ""), **{key: Group(title, "") for key, title in BY_CACHE.items()}}
        for step in self.steps:
            found[step.name] = Group(step.name, step.kind)
            found.setdefault(f"class {step.kind}", Group(f"class {step.kind}", step.kind))
        for sample in self.samples:
            if sample.name >= len(self.steps):  # a turn that never came: nobody's in particular, but everybody's delay
                if sample.tenant != self.noisy:
                    found[""].samples.append(sample)
                    found[UNCACHED].samples.append(sample)
                continue
            step = self.steps[sample.name]
            found[step.name].samples.append(sample)
            found[f"class {step.kind}"].samples.append(sample)
            if not step.apart:
                found[""].samples.append(sample)
                found[CACHED if sample.cache in HITS else UNCACHED].samples.append(sample)
        return found

    @cached_property
    def _latencies(self) -> dict[tuple[str, bool], Latency]:
        return {}

    def latency(self, of: str, *, as_seen: bool) -> Latency:
        """One group's distribution, worked out once."""
        key = (of, as_seen)
        if key not in self._latencies:
            group = self.groups[of]
            self._latencies[key] = group.latency_raw() if as_seen else group.latency()
        return self._latencies[key]

    def get(self, metric: str, of: str = "") -> float:
        """The figure, in the metric's own unit.

        Raises:
            Unknown: this run could not learn it.
        """
        base = metric.removesuffix("-raw")
        if base in LATENCIES:
            values = self.latency(of, as_seen=metric.endswith("-raw")).values
            if base not in values:
                raise Unknown(f"no request of `{self.groups[of].name}` fell into the plateau")
            return values[base]
        if metric in PER_GROUP:
            return PER_GROUP[metric](self, self.groups[of])
        return WHOLE[metric](self)

    def answered_errors(self, of: str) -> float:
        """Percent of requests that the server itself answered wrongly: time-outs may be a frozen generator's."""
        group = self.groups[of]
        return 100 * sum(sample.wrong in ANSWERED for sample in group.samples) / max(group.sent, 1)

    def facts(self, watch: str) -> Mapping[str, Any]:
        """What a watch found.

        Raises:
            Unknown: it could not look.
        """
        if self.why_not.get(watch) or watch not in self.watched or not self.watched[watch]:
            raise Unknown(f"{watch} was not watched: {self.why_not.get(watch) or 'the target names none'}")
        return self.watched[watch]


def _errors(measures: Measures, group: Group) -> float:
    if not group.sent:
        raise Unknown(f"no request of `{group.name}` was sent in the plateau")
    return 100 * group.mistakes / group.sent


def _throughput(measures: Measures, group: Group) -> float:
    return sum(sample.status > 0 for sample in group.samples) / measures.seconds


def _hit_rate(measures: Measures, group: Group) -> float:
    """By the service's counters for the whole, where it has them; else by what the answers said of themselves."""
    if group is measures.groups[""]:
        try:
            by_class = measures.facts("service")["cache"]
        except Unknown:
            return group.hit_rate()
        results: Counter[str] = Counter()
        for class_, counts in by_class.items():
            if class_ in READS:
                results.update(counts)
        if results.total():
            hits = sum(count for result, count in results.items() if result.startswith(("hit", "stale")))
            return 100 * hits / results.total()
    return group.hit_rate()


def _refused_neighbours(measures: Measures) -> float:
    return float(sum(s.wrong == Wrong.REFUSED and s.tenant != measures.noisy for s in measures.samples))


def _primary_reads(measures: Measures) -> float:
    """By the databases' own count of statements; by the service's, where they do not count."""
    try:
        primary = measures.facts("primary")
        replicas = [facts for name, facts in measures.watched.items() if name.startswith("replica")]
        if not replicas:
            raise Unknown("the target names no replica (DATABASE_READ_URL)")
        counted = [facts["selects"] for facts in (primary, *replicas)]
    except KeyError:
        reads = measures.facts("service")["reads"]
        on = {server: sum(reasons.values()) for server, reasons in reads.items()}
        counted = [on.get("primary", 0.0), on.get("replica", 0.0)]
    if not sum(counted):
        raise Unknown("no SELECT reached a database in the plateau")
    return float(100 * counted[0] / sum(counted))


def _replica_lag(measures: Measures) -> float:
    facts = measures.facts("lag")
    if "worst" not in facts:
        raise Unknown(str(facts["why_not"]))
    return float(facts["worst"])


def _server_cpu(measures: Measures) -> float:
    facts = measures.facts("processes")
    if "api" not in facts:
        raise Unknown("the service's processes are not on this machine")
    return float(facts["api"]["cpu"])


PER_GROUP: dict[str, Callable[[Measures, Group], float]] = {
    "errors": _errors,
    "throughput": _throughput,
    "requests": lambda measures, group: float(len(group.samples)),
    "hit-rate": _hit_rate,
}
WHOLE: dict[str, Callable[[Measures], float]] = {
    "p95-cached": lambda measures: measures.get("p95", CACHED),
    "p95-uncached": lambda measures: measures.get("p95", UNCACHED),
    "users": lambda measures: float(measures.users),
    "refused-neighbours": _refused_neighbours,
    "primary-reads": _primary_reads,
    "replica-lag": _replica_lag,
    "server-cpu": _server_cpu,
    "pool-waiting": lambda measures: float(measures.facts("service")["peaks"].get("poolWaiting", 0.0)),
    "in-flight": lambda measures: float(measures.facts("service")["peaks"].get("inFlight", 0.0)),
    "degradations": lambda measures: float(sum(measures.facts("service")["degradations"].values())),
    "pooler-waiting": lambda measures: float(measures.facts("pooler")["mostWaiting"]),
    "evictions": lambda measures: float(measures.facts("redis")["evicted_keys"]),
}


def summary(measures: Measures) -> dict[str, float]:
    """Every figure of the whole run that is known."""
    known = {}
    for metric in METRICS:
        try:
            known[metric] = measures.get(metric)
        except Unknown:
            continue
    return known


def table(measures: Measures, key: Callable[[Step], str]) -> list[dict[str, Any]]:
    """A row for each name (or class): counts, errors, latency raw and corrected, hit rate; the slowest first."""
    rows = []
    apart = {key(step): step.apart for step in measures.steps}
    kinds = {key(step): step.kind for step in measures.steps}
    for name, is_apart in apart.items():
        group = measures.groups[name]
        if not group.samples:
            continue
        row: dict[str, Any] = {
            "name": name, "class": kinds[name], "apart": is_apart, "requests": group.sent,
            "errors": group.mistakes, "latency": measures.latency(name, as_seen=False).values,
            "raw": measures.latency(name, as_seen=True).values,
        }  # fmt: skip
        try:
            row["hitRate"] = group.hit_rate()
        except Unknown:
            row["hitRate"] = None
        rows.append(row)
    return sorted(rows, key=lambda row: -row["latency"].get("p95", 0))


def mistakes_by_name(measures: Measures) -> list[dict[str, Any]]:
    """Which request failed how, and how often: one failing endpoint in a thousand has its name here."""
    counts: dict[tuple[str, str, int], int] = defaultdict(int)
    for sample in measures.samples:
        if sample.wrong in MISTAKES and sample.name < len(measures.steps):
            step = measures.steps[sample.name]
            if step.kind != "noisy":
                counts[step.name, Wrong(sample.wrong).name.lower(), sample.status] += 1
    return [
        {"name": name, "wrong": wrong, "status": status, "count": count}
        for (name, wrong, status), count in sorted(counts.items(), key=lambda item: -item[1])
    ]
