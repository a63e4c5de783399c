"""Two runs side by side: each figure, its change, and whether the change is larger than the noise of both. Pure."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from payaidctl.load.measure import MISTAKES, Step
from payaidctl.load.quantile import SHARES, corrected, noise, quantile
from payaidctl.load.sample import HITS, Cache, Sample, read, within
from payaidctl.load.threshold import METRICS

Figure = Callable[[list[Sample]], float | None]
LOWER_IS_BETTER = frozenset(
    ("p50", "p75", "p90", "p95", "p99", "p99.9", "p95-cached", "p95-uncached", "errors", "primary-reads", "replica-lag")
)
COMPARED = (
    "p50", "p95", "p99", "p95-cached", "p95-uncached", "errors", "throughput", "hit-rate", "primary-reads",
    "replica-lag", "server-cpu",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """A run on file: its figures, and the samples of its plateau without those that were judged apart."""

    name: str
    verdict: str
    facts: dict[str, Any]
    start_us: int
    seconds: float
    samples: list[Sample]


def load(folder: Path) -> Past:
    """Read a run's folder."""
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    window = document["window"]
    start, end = round(window["start"] * 1e6), round(window["end"] * 1e6)
    steps = [Step(step["name"], step["class"], step["apart"]) for step in document["steps"]]
    samples = [
        sample for sample in within(read(folder), start, end)
        if (sample.name >= len(steps) and sample.tenant != document["noisy"])
        or (sample.name < len(steps) and not steps[sample.name].apart)
    ]  # fmt: skip
    return Past(document["run"], document["verdict"], document["facts"], start, (end - start) / 1e6, samples)


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both runs. `noise`: the 95 % interval of the difference, or None where it cannot be told."""

    figure: str
    kind: str
    before: float
    after: float
    noise: float | None

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def word(self) -> str:
        """better, worse, within noise, or changed where neither direction is good or nothing is known of noise."""
        if self.noise is not None and abs(self.difference) <= self.noise:
            return "within noise"
        if self.difference == 0:
            return "the same"
        if self.noise is None:
            return "changed"
        lower = self.figure in LOWER_IS_BETTER
        return "better" if (self.difference < 0) == lower else "worse"


def compare(before: Past, after: Past) -> list[Change]:
    """Every figure that both runs know."""
    changes = []
    for name in COMPARED:
        first, second = before.facts["metrics"].get(name), after.facts["metrics"].get(name)
        if first is None or second is None:
            continue
        changes.append(Change(name, METRICS[name].kind, first, second, _joint(before, after, name)))
    return changes


def _joint(before: Past, after: Past, name: str) -> float | None:
    figure = FIGURES.get(name)
    if figure is None:
        return None
    parts = [noise(past.samples, past.start_us, figure) for past in (before, after)]
    if parts[0] is None or parts[1] is None:
        return None
    return math.hypot(parts[0], parts[1])


def _percentile(share: float) -> Figure:
    return lambda block: quantile(corrected(block), share) / 1000 if block else None


def _errors(block: list[Sample]) -> float | None:
    return 100 * sum(sample.wrong in MISTAKES for sample in block) / len(block) if block else None


def _hits(block: list[Sample]) -> float | None:
    told = [sample.cache for sample in block if sample.cache != Cache.SILENT]
    return 100 * sum(cache in HITS for cache in told) / len(told) if told else None


FIGURES: dict[str, Figure] = {
    **{name: _percentile(share) for name, share in SHARES.items()},
    "p95-cached": lambda block: _percentile(0.95)([one for one in block if one.cache in HITS]),
    "p95-uncached": lambda block: _percentile(0.95)([one for one in block if one.cache not in HITS]),
    "errors": _errors,
    "hit-rate": _hits,
    "throughput": lambda block: len(block) / 10,
}
