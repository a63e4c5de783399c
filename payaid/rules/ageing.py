"""How old what is owed is: unpaid invoices by days past their due date, for each customer."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from payaid.rules.money import ZERO

# The last day of each bucket past the due date; what is older is in the last one.
ENDS = (0, 30, 60, 90)
BUCKETS = ("Not due", "1-30 days", "31-60 days", "61-90 days", "Over 90 days")


def bucket(due: date | None, today: date) -> int:
    """The place in BUCKETS. On its due date a bill is not late yet; one without a date is not due."""
    late = (today - due).days if due else 0
    return next((place for place, end in enumerate(ENDS) if late <= end), len(ENDS))


def _empty() -> list[Decimal]:
    return [ZERO] * len(BUCKETS)


@dataclass(slots=True)
class Ageing:
    """Invoices go in one by one; amounts by bucket, for each customer and together."""

    today: date
    customers: dict[str, list[Decimal]] = field(default_factory=dict)
    totals: list[Decimal] = field(default_factory=_empty)
    invoices: int = 0

    def add(self, customer: str, due: date | None, amount: Decimal) -> int:
        """Count one unpaid invoice; its bucket."""
        place = bucket(due, self.today)
        self.customers.setdefault(customer, _empty())[place] += amount
        self.totals[place] += amount
        self.invoices += 1
        return place

    def largest_first(self) -> list[tuple[str, list[Decimal]]]:
        """Customers by what they owe; among equals by name."""
        return sorted(self.customers.items(), key=lambda item: (-sum(item[1], ZERO), item[0]))

    @property
    def total(self) -> Decimal:
        """All that is owed."""
        return sum(self.totals, ZERO)
