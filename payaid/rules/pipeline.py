"""The sales pipeline: what is open, by stage, and what was won and lost in a period."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from payaid.rules.money import ZERO, paise
from payaid.rules.periods import Period

OPEN = ("lead", "qualified", "proposal", "negotiation")
CLOSED = ("won", "lost")


@dataclass(slots=True)
class Tally:
    """Deals of one kind: how many, worth how much, and worth how much by their probabilities."""

    deals: int = 0
    value: Decimal = ZERO
    weighted: Decimal = ZERO

    def add(self, value: Decimal, probability: Decimal) -> None:
        """Count one deal; each is weighted to the paisa, so that the sum is that of what is shown."""
        self.deals += 1
        self.value += value
        self.weighted += paise(value * probability / 100)


def _tallies(names: tuple[str, ...]) -> dict[str, Tally]:
    return {name: Tally() for name in names}


@dataclass(slots=True)
class Pipeline:
    """Deals go in one by one; the sums are there at any time. Open deals count as they stand, closed ones by day."""

    period: Period
    open: dict[str, Tally] = field(default_factory=lambda: _tallies(OPEN))
    closed: dict[str, Tally] = field(default_factory=lambda: _tallies(CLOSED))

    def add(self, stage: str, value: Decimal, probability: Decimal, closed_at: datetime | None) -> bool:
        """Count one deal; whether it is part of the report. One that was closed nobody knows when is not."""
        if stage in self.open:
            self.open[stage].add(value, probability)
            return True
        if closed_at is not None and closed_at in self.period:
            self.closed[stage].add(value, probability)
            return True
        return False

    @property
    def total(self) -> Tally:
        """All that is open."""
        return _sum(self.open)

    @property
    def win_rate(self) -> Decimal | None:
        """Won among won and lost, in percent with one decimal; None where nothing was closed."""
        closed = _sum(self.closed).deals
        if not closed:
            return None
        return (Decimal(100 * self.closed["won"].deals) / closed).quantize(Decimal("0.1"))


def _sum(tallies: Mapping[str, Tally]) -> Tally:
    return Tally(
        sum(one.deals for one in tallies.values()),
        sum((one.value for one in tallies.values()), ZERO),
        sum((one.weighted for one in tallies.values()), ZERO),
    )
