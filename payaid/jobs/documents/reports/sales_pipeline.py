"""Open deals by stage, and what was won and lost in the period."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, LiteralString

from payaid.jobs.documents.reports._report import Report, days
from payaid.jobs.documents.table import Cell, Column, Kind, Table
from payaid.rules.money import inr
from payaid.rules.periods import Period, indian_date
from payaid.rules.pipeline import CLOSED, OPEN, Pipeline


class SalesPipeline:
    """Deals, as they stand."""

    title: ClassVar[str] = "Sales pipeline"
    query: ClassVar[LiteralString] = """
        SELECT d.name, c.name AS contact, d.stage, d.value, d.probability, d."expectedCloseDate", d."actualCloseDate"
        FROM "Deal" AS d LEFT JOIN "Contact" AS c ON c."tenantId" = d."tenantId" AND c.id = d."contactId"
        WHERE d."tenantId" = %(tenant)s AND d."loadRun" IS NULL
          AND (d.stage NOT IN ('won', 'lost') OR (d."actualCloseDate" >= %(start)s AND d."actualCloseDate" < %(end)s))
        ORDER BY d.stage, d.value DESC, d.id
    """
    register: ClassVar[tuple[Column, ...]] = (
        Column("Deal", width=36), Column("Contact", width=28), Column("Stage"), Column("Value (₹)", Kind.MONEY),
        Column("Probability", Kind.PERCENT, 12), Column("Expected", Kind.DATE, 13), Column("Closed", Kind.DATE, 13),
    )  # fmt: skip

    def __init__(self, period: Period | None, _today: date) -> None:
        if period is None:
            raise ValueError("the sales pipeline is over a period")
        self._pipeline = Pipeline(period)

    def take(self, row: Mapping[str, Any]) -> Sequence[Cell] | None:
        """Count one deal."""
        if not self._pipeline.add(row["stage"], row["value"], row["probability"], row["actualCloseDate"]):
            return None
        dates = [indian_date(row[name]) if row[name] else None for name in ("expectedCloseDate", "actualCloseDate")]
        return [row["name"], row["contact"], row["stage"], row["value"], row["probability"], *dates]

    def over(self) -> str:
        """The closed deals' period; the open ones are as they stand."""
        return days(self._pipeline.period)

    def figures(self) -> list[tuple[str, str]]:
        """Open, weighted, won, win rate."""
        total, rate = self._pipeline.total, self._pipeline.win_rate
        return [
            ("Open", inr(total.value)),
            ("Weighted", inr(total.weighted)),
            ("Won in the period", inr(self._pipeline.closed["won"].value)),
            ("Win rate", "none closed" if rate is None else f"{rate}%"),
        ]

    def tables(self) -> list[Table]:
        """By stage; closed."""
        sums = (Column("Deals", Kind.COUNT, 10), Column("Value (₹)", Kind.MONEY), Column("Weighted (₹)", Kind.MONEY))
        total = self._pipeline.total
        stages = [[name.capitalize(), *_cells(self._pipeline.open[name])] for name in OPEN]
        closed = [[name.capitalize(), *_cells(self._pipeline.closed[name])[:2]] for name in CLOSED]
        return [
            Table("Open deals by stage", (Column("Stage", width=36), *sums), stages, ["Total", *_cells(total)]),
            Table("Closed in the period", (Column("Outcome", width=36), *sums[:2]), closed),
        ]


def _cells(tally: Any) -> list[Cell]:
    return [tally.deals, tally.value, tally.weighted]


REPORT: type[Report] = SalesPipeline
