"""Percentiles, distributions and series over exact samples. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from payaidctl.load.sample import Sample, Wrong

SHARES = {"p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


def quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that at least `share` of the values do not exceed (nearest rank): a value really seen."""
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def raw(samples: Iterable[Sample]) -> list[int]:
    """What each request saw, in order; requests never sent saw nothing."""
    return sorted(sample.took for sample in samples if sample.wrong != Wrong.UNSENT)


def corrected(samples: Iterable[Sample]) -> list[int]:
    """From when each request was due, in order, those never sent included."""
    return sorted(sample.late + sample.took for sample in samples)


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution in milliseconds; `count` values went into it."""

    count: int
    values: dict[str, float]

    @classmethod
    def of(cls, ordered: Sequence[int]) -> "Latency":
        """From microseconds in ascending order; without any value there is no percentile."""
        if not ordered:
            return cls(0, {})
        values = {name: quantile(ordered, share) / 1000 for name, share in SHARES.items()}
        values["max"] = ordered[-1] / 1000
        values["mean"] = sum(ordered) / len(ordered) / 1000
        return cls(len(ordered), values)


def by_second(samples: Iterable[Sample], start_us: int, step_s: float = 1.0) -> dict[int, list[Sample]]:
    """Samples by the step of time in which they were due, counted from `start_us`."""
    buckets: dict[int, list[Sample]] = {}
    width = step_s * 1_000_000
    for sample in samples:
        buckets.setdefault(int((sample.intended - start_us) // width), []).append(sample)
    return buckets


def noise(
    samples: Sequence[Sample],
    start_us: int,
    figure: Callable[[list[Sample]], float | None],
    block_s: float = 10.0,
) -> float | None:
    """Half of the 95 % interval of a figure, from how it varies between blocks of the plateau; None under 3 blocks.

    Neighbouring requests are not independent (they queue behind each other), so blocks, not requests, are the
    repeated measurement.
    """
    blocks = by_second(samples, start_us, block_s)
    values = [value for block in blocks.values() if (value := figure(block)) is not None]
    if len(values) < 3:
        return None
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return STUDENT[min(len(values) - 2, len(STUDENT) - 1)] * math.sqrt(variance / len(values))


# Two-sided 95 % points of Student's t for 1, 2, 3 ... degrees of freedom; from there on the normal's is near enough.
STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11,
           2.10, 2.09, 2.09, 2.04, 1.96)  # fmt: skip


def histogram(ordered: Sequence[int], per_decade: int = 20) -> list[tuple[float, float, int]]:
    """Counts in bins of equal width on a logarithmic scale: (from ms, to ms, count), gaps included."""
    if not ordered:
        return []
    bins: dict[int, int] = {}
    for value in ordered:
        index = math.floor(math.log10(max(value, 1)) * per_decade)
        bins[index] = bins.get(index, 0) + 1
    first, last = min(bins), max(bins)
    return [
        (10 ** (index / per_decade) / 1000, 10 ** ((index + 1) / per_decade) / 1000, bins.get(index, 0))
        for index in range(first, last + 1)
    ]
