"""GST rates as data, each with the days it is in force: rates change by notification, not by a release of ours.

The restructuring of 22 September 2025 (56th GST Council; notifications 9 to 17/2025 Central Tax (Rate)) left 5, 18
and the new 40 %. 12 % stayed for bricks alone, 28 % for pan masala and tobacco until 31 January 2026.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

GST_BEGAN = date(2017, 7, 1)
REFORM = date(2025, 9, 22)
TOBACCO_MOVED = date(2026, 2, 1)
BRICKS = ("6815", "6901", "6904", "6905")
TOBACCO = ("210690", "2401", "2402", "2403")


@dataclass(frozen=True, slots=True)
class Slab:
    """A rate in percent that may be charged on days since <= day < before; `only` limits it to HSN prefixes."""

    rate: Decimal
    since: date = GST_BEGAN
    before: date = date.max
    only: tuple[str, ...] = ()

    def covers(self, rate: Decimal, day: date, hsn: str | None) -> bool:
        """Whether this slab allows that rate then, for that code."""
        allowed = not self.only or (hsn or "").startswith(self.only)
        return rate == self.rate and self.since <= day < self.before and allowed


SLABS = (
    Slab(Decimal(0)),
    Slab(Decimal("0.1")),  # supplies to a merchant exporter
    Slab(Decimal("0.25")),  # rough stones
    Slab(Decimal(1)),  # affordable housing; composition
    Slab(Decimal("1.5")),  # cut diamonds
    Slab(Decimal(3)),  # gold, silver, jewellery
    Slab(Decimal(5)),
    Slab(Decimal(6)),  # bricks, without input credit
    Slab(Decimal("7.5")),  # housing, effective
    Slab(Decimal(12), before=REFORM),
    Slab(Decimal(12), since=REFORM, only=BRICKS),
    Slab(Decimal(18)),
    Slab(Decimal(28), before=REFORM),
    Slab(Decimal(28), since=REFORM, before=TOBACCO_MOVED, only=TOBACCO),
    Slab(Decimal(40), since=REFORM),
)


def why_not(rate: Decimal, day: date, hsn: str | None) -> str | None:
    """Why this rate may not be charged that day, or None when it may."""
    if any(slab.covers(rate, day, hsn) for slab in SLABS):
        return None
    ended = [slab.before for slab in SLABS if slab.rate == rate and slab.before <= day]
    if ended:
        return f"{rate} % ended on {max(ended) - timedelta(days=1)}"
    starts = [slab.since for slab in SLABS if slab.rate == rate and slab.since > day]
    if starts:
        return f"{rate} % begins on {min(starts)}"
    if any(slab.rate == rate for slab in SLABS):
        return f"{rate} % is for other goods than HSN {hsn or '(not given)'}"
    return f"{rate} % is no GST rate"


# The usual rate by HSN or SAC prefix: the rate until the reform, and the one since; None is exempt.
USUAL: dict[str, tuple[str | None, str | None]] = {
    "0405": ("12", "5"), "0406": ("12", "5"), "0902": ("5", "5"), "0910": ("5", "5"), "1006": ("5", "5"),
    "1905": ("18", "5"), "2106": ("12", "5"), "2202": ("28", "40"), "2523": ("28", "18"), "3004": ("12", "5"),
    "3208": ("18", "18"), "3304": ("18", "18"), "3305": ("18", "5"), "3306": ("18", "5"), "3401": ("18", "5"),
    "3923": ("18", "18"), "4802": ("12", "18"), "4820": ("12", "0"), "4901": (None, None), "5208": ("5", "5"),
    "6109": ("5", "5"), "6204": ("5", "5"), "6901": ("12", "12"), "7113": ("3", "3"), "7214": ("18", "18"),
    "7318": ("18", "18"), "8415": ("28", "18"), "8471": ("18", "18"), "8517": ("18", "18"), "8528": ("28", "18"),
    "8701": ("12", "5"), "8708": ("28", "18"), "8712": ("12", "5"), "9018": ("12", "5"), "9403": ("18", "18"),
    "9609": ("12", "0"), "9954": ("18", "18"), "9965": ("5", "5"), "9972": ("18", "18"), "9982": ("18", "18"),
    "9983": ("18", "18"), "9987": ("18", "18"), "9992": (None, None), "9993": (None, None), "9997": ("18", "5"),
}  # fmt: skip


def usual(hsn: str, day: date) -> Decimal | None:
    """The usual rate of a code that day; None means exempt.

    Raises:
        KeyError: the table does not know the code; the rate has to be given.
    """
    for length in range(len(hsn), 3, -1):
        if hsn[:length] in USUAL:
            rate = USUAL[hsn[:length]][day >= REFORM]
            return None if rate is None else Decimal(rate)
    raise KeyError(hsn)
