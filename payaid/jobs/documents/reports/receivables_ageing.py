"""What customers owe today, by how long it has been due."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, LiteralString

from payaid.jobs.documents.reports._report import Report
from payaid.jobs.documents.table import Cell, Column, Kind, Table
from payaid.rules.ageing import BUCKETS, Ageing
from payaid.rules.money import ZERO, inr
from payaid.rules.periods import Period, indian_date

NAMELESS = "(no name)"


class ReceivablesAgeing:
    """Issued invoices that are not paid."""

    title: ClassVar[str] = "Receivables ageing"
    query: ClassVar[LiteralString] = """
        SELECT i."invoiceNumber", i."customerName", c.name AS contact, i."invoiceDate", i."dueDate", i.total
        FROM "Invoice" AS i LEFT JOIN "Contact" AS c ON c."tenantId" = i."tenantId" AND c.id = i."customerId"
        WHERE i."tenantId" = %(tenant)s AND i.status IN ('sent', 'overdue') AND i."loadRun" IS NULL
        ORDER BY i."dueDate" NULLS LAST, i.id
    """
    register: ClassVar[tuple[Column, ...]] = (
        Column("Invoice", width=18), Column("Customer", width=36), Column("Date", Kind.DATE, 13),
        Column("Due", Kind.DATE, 13), Column("Days overdue", Kind.COUNT, 13), Column("Age", width=14),
        Column("Amount (₹)", Kind.MONEY),
    )  # fmt: skip

    def __init__(self, _period: Period | None, today: date) -> None:
        self._ageing = Ageing(today)

    def take(self, row: Mapping[str, Any]) -> Sequence[Cell] | None:
        """Count one invoice, under its contact's name, so that one customer is one line."""
        customer = row["contact"] or row["customerName"] or NAMELESS
        due = indian_date(row["dueDate"]) if row["dueDate"] else None
        place = self._ageing.add(customer, due, row["total"])
        late = max(0, (self._ageing.today - due).days) if due else 0
        return [
            row["invoiceNumber"], customer, indian_date(row["invoiceDate"]), due, late, BUCKETS[place], row["total"],
        ]  # fmt: skip

    def over(self) -> str:
        """It is about today."""
        return f"as of {self._ageing.today.day} {self._ageing.today:%B %Y}"

    def figures(self) -> list[tuple[str, str]]:
        """Owed, overdue, invoices."""
        return [
            ("Owed", inr(self._ageing.total)),
            ("Overdue", inr(self._ageing.total - self._ageing.totals[0])),
            ("Invoices", str(self._ageing.invoices)),
        ]

    def tables(self) -> list[Table]:
        """By customer, the largest first."""
        ages = tuple(Column(f"{name} (₹)", Kind.MONEY) for name in BUCKETS)
        rows: list[list[Cell]] = [
            [name, *amounts, sum(amounts, ZERO)] for name, amounts in self._ageing.largest_first()
        ]
        total: list[Cell] = ["Total", *self._ageing.totals, self._ageing.total]
        columns = (Column("Customer", width=36), *ages, Column("Total (₹)", Kind.MONEY))
        return [Table("By customer", columns, rows, total)]


REPORT: type[Report] = ReceivablesAgeing
