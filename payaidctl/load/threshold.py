"""Thresholds: `p95 < 500 ms`, `errors[class write] < 0.1 %`, `hit-rate > 70 %`. Parsed and checked before any load.

A metric that nobody measures, a name that no scenario has, or a unit of another kind is an error there and then:
a threshold that is silently never applied is worse than none.
"""

import operator
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches

from payaidctl.load.units import QUANTITY, quantity, seconds

LATENCIES = ("p50", "p75", "p90", "p95", "p99", "p99.9", "max", "mean")


@dataclass(frozen=True, slots=True)
class Metric:
    """What can be judged: its kind of unit, and whether it can be asked of one request name or class."""

    kind: str
    meaning: str
    selects: bool = False


METRICS: dict[str, Metric] = {
    **{name: Metric("ms", f"{name} of the response time, corrected for coordinated omission", True)
       for name in LATENCIES},
    **{f"{name}-raw": Metric("ms", f"{name} of the response time as each request saw it", True)
       for name in LATENCIES},
    "p95-cached": Metric("ms", "p95 of the requests that the cache answered"),
    "p95-uncached": Metric("ms", "p95 of all other requests: misses, writes, batches"),
    "errors": Metric("%", "share of requests that failed", True),
    "throughput": Metric("/s", "answers a second", True),
    "requests": Metric("", "requests planned in the plateau", True),
    "hit-rate": Metric("%", "share of cacheable reads answered from the cache", True),
    "users": Metric("", "virtual users that stayed for the whole plateau"),
    "refused-neighbours": Metric("", "429 answers to tenants inside their budget"),
    "primary-reads": Metric("%", "share of the service's SELECTs that the primary ran"),
    "replica-lag": Metric("B", "largest distance of a replica behind the primary"),
    "pool-waiting": Metric("", "most requests waiting for a database connection at one moment"),
    "pooler-waiting": Metric("", "most clients waiting in PgBouncer at one moment"),
    "in-flight": Metric("", "most requests inside the service at one moment"),
    "evictions": Metric("", "keys that the cache's Redis evicted"),
    "degradations": Metric("", "times the service answered by a fallback"),
    "server-cpu": Metric("%", "CPU of the service's processes, 100 % being one core"),
}  # fmt: skip
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
EXPRESSION = re.compile(
    r"\s*(?P<metric>[a-z][a-z0-9.-]*)\s*(?:\[(?P<of>[^\]]+)\])?\s*(?P<op><=|>=|<|>)\s*(?P<bound>.+?)"
    r"(?:\s+for\s+(?P<grace>.+))?\s*"
)


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line of a profile. `of` is a request name, or `class X`; `grace_s` only in abort conditions."""

    text: str
    metric: str
    of: str
    op: str
    bound: float
    expected: str
    grace_s: float = 0.0

    @property
    def kind(self) -> str:
        """The unit of its bound."""
        return METRICS[self.metric].kind

    @property
    def id(self) -> str:
        """A stable name for the finding: `loadtest.p95`, `loadtest.p95.contacts-list`."""
        return ".".join(["loadtest", self.metric, *([re.sub(r"[^a-z0-9]+", "-", self.of.lower())] if self.of else [])])

    @property
    def key(self) -> str:
        """What to look up among the measures: `p95`, `p95[contacts list]`."""
        return f"{self.metric}[{self.of}]" if self.of else self.metric

    def holds(self, value: float) -> bool:
        """Whether the measured value keeps the bound."""
        return OPERATORS[self.op](value, self.bound)


def parse(text: str, names: Collection[str], classes: Collection[str], *, abort: bool = False) -> Threshold:
    """One threshold, checked against what the scenarios send.

    Raises:
        ValueError: what is wrong with it, and what was probably meant.
    """
    match = EXPRESSION.fullmatch(text)
    if not match:
        raise ValueError(f"`{text}` is not `metric < bound unit`, such as `p95 < 500 ms`")
    metric = METRICS.get(match["metric"])
    if metric is None:
        raise ValueError(f"`{match['metric']}` is no metric{_meant(match['metric'], METRICS)}")
    of = _selected(match["of"], match["metric"], metric, names, classes)
    if not QUANTITY.fullmatch(match["bound"]):
        raise ValueError(f"`{match['bound']}` is no quantity with a unit, such as `500 ms`")
    if bool(match["grace"]) and not abort:
        raise ValueError(f"`{text}`: `for` belongs to abort conditions; a threshold is judged over the whole plateau")
    grace = seconds(match["grace"]) if match["grace"] else 0.0
    bound, expected = quantity(match["bound"], metric.kind), f"{match['op']} {match['bound']}"
    return Threshold(text.strip(), match["metric"], of, match["op"], bound, expected, grace)


def _selected(asked: str | None, name: str, metric: Metric, names: Collection[str], classes: Collection[str]) -> str:
    if asked is None:
        return ""
    if not metric.selects:
        raise ValueError(f"`{name}` is about the whole run and cannot be asked of `{asked}`")
    known = [*names, *(f"class {one}" for one in classes)]
    if asked.strip() not in known:
        raise ValueError(f"`{asked}` is neither a request of this run nor a class{_meant(asked, known)}")
    return asked.strip()


def _meant(asked: str, known: Collection[str]) -> str:
    close = get_close_matches(asked, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(sorted(known))}"
