"""Counts while a run goes on, and the table at its end."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tests.torture.history import Outcome, Read, Write

Row = tuple[str, str]


class Figures:
    """How many of what."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        self.shown = 0
        self.degraded = 0
        self.refused: Counter[tuple[int, str]] = Counter()
        self.writes: Counter[tuple[str, Outcome]] = Counter()
        self.faults: dict[str, list[float]] = defaultdict(list)
        self.instances: set[str] = set()

    def read(self, one: Read) -> None:
        """A read ended."""
        self.instances.add(one.instance)
        if not one.answered:
            self.refused[one.status, one.fault or one.said] += 1
            return
        self.reads[str(one.kind)] += 1
        self.hits[one.hit or "none"] += 1
        self.shown += one.shown is not None
        self.degraded += one.degraded

    def wrote(self, one: Write) -> None:
        """A write ended."""
        self.writes[one.door.partition(" ")[0], one.outcome] += 1

    def fault(self, name: str, seconds: float) -> None:
        """A fault was mended, this long after it was made."""
        self.faults[name].append(seconds)

    @property
    def all_reads(self) -> int:
        """Reads that were answered."""
        return sum(self.reads.values())

    @property
    def all_writes(self) -> int:
        """Writes that were acknowledged."""
        return sum(count for (_, outcome), count in self.writes.items() if outcome is Outcome.DONE)

    def table(self, staleness: Mapping[str, float]) -> Iterator[Row]:
        """The figures, a line each."""
        yield "reads judged", f"{self.all_reads:,} ({self.shown:,} with a token, {self.degraded:,} marked degraded)"
        yield "  by kind", _counts(self.reads)
        yield "  by where from", _counts(self.hits)
        for door in sorted({door for door, _ in self.writes}):
            told = {str(outcome): count for (one, outcome), count in self.writes.items() if one == door}
            yield f"writes, {door}", _counts(told)
        yield "faults", f"{sum(map(len, self.faults.values()))}"
        for name, times in sorted(self.faults.items()):
            yield f"  {name}", f"{len(times)} times, whole again after {max(times):.1f} s at most"
        told = {f"{status or 'no answer'} ({fault or 'no fault'})": n for (status, fault), n in self.refused.items()}
        yield "reads refused", _counts(told) if told else "none"
        ages = {kind: f"{age:.3f} s" for kind, age in staleness.items()}
        yield "oldest answer", ", ".join(f"{kind} {age}" for kind, age in sorted(ages.items())) or "none was old"


def _counts(told: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(told.items(), key=lambda one: -one[1]))
