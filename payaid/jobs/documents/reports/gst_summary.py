"""A period's outward supplies, as GSTR-1 and GSTR-3B ask for them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, LiteralString

from payaid.jobs.documents.reports._report import Report, days
from payaid.jobs.documents.table import Cell, Column, Kind, Table
from payaid.rules.gst_return import GstSummary, Sums
from payaid.rules.gstin import STATES
from payaid.rules.money import ZERO, inr
from payaid.rules.periods import Period, indian_date

SUMS = (
    Column("Taxable value (₹)", Kind.MONEY, 18), Column("CGST (₹)", Kind.MONEY), Column("SGST (₹)", Kind.MONEY),
    Column("IGST (₹)", Kind.MONEY),
)  # fmt: skip


class GstReport:
    """Invoices by their own date."""

    title: ClassVar[str] = "GST summary of outward supplies"
    query: ClassVar[LiteralString] = """
        SELECT "invoiceNumber", "invoiceDate", status, "customerName", "customerGSTIN", "placeOfSupply",
               "isInterState", "reverseCharge", subtotal - discount AS taxable, cgst, sgst, igst, total, items
        FROM "Invoice"
        WHERE "tenantId" = %(tenant)s AND "invoiceDate" >= %(start)s AND "invoiceDate" < %(end)s
          AND status NOT IN ('draft', 'cancelled') AND "loadRun" IS NULL
        ORDER BY "invoiceDate", "invoiceNumber"
    """
    register: ClassVar[tuple[Column, ...]] = (
        Column("Invoice", width=18), Column("Date", Kind.DATE, 13), Column("Section", width=10),
        Column("Customer", width=36), Column("GSTIN", width=18), Column("Place of supply", width=22),
        Column("Reverse charge", width=14), *SUMS, Column("Invoice value (₹)", Kind.MONEY, 18),
    )  # fmt: skip

    def __init__(self, period: Period | None, _today: date) -> None:
        if period is None:
            raise ValueError("a GST summary is of a period")
        self._period = period
        self._summary = GstSummary()

    def take(self, row: Mapping[str, Any]) -> Sequence[Cell] | None:
        """Count one invoice."""
        on = indian_date(row["invoiceDate"])
        section = self._summary.add(row, on)
        if not section:
            return None
        reverse = "yes" if row["reverseCharge"] else ""
        return [
            row["invoiceNumber"], on, section, row["customerName"], row["customerGSTIN"], _place(row["placeOfSupply"]),
            reverse, row["taxable"], row["cgst"], row["sgst"], row["igst"], row["total"],
        ]  # fmt: skip

    def over(self) -> str:
        """Its period."""
        return days(self._period)

    def figures(self) -> list[tuple[str, str]]:
        """Invoices, taxable, tax."""
        return [
            ("Invoices", str(self._summary.invoices)),
            ("Taxable value", inr(self._summary.taxed.taxable)),
            ("Tax to be paid", inr(self._summary.taxed.tax)),
        ]

    def tables(self) -> list[Table]:
        """3B's table 3.1, the sections, and the HSN summary."""
        return [self._three_one(), self._sections(), self._codes()]

    def _three_one(self) -> Table:
        untaxed = self._summary.untaxed
        rows: list[list[Cell]] = [
            ["Taxable supplies, including those at 0%", *_cells(self._summary.taxed)],
            ["Under reverse charge (tax payable by recipients)", *_cells(self._summary.reverse_charge)],
            ["Exempt", untaxed["exempt"], ZERO, ZERO, ZERO],
            ["Outside GST", untaxed["non_gst"], ZERO, ZERO, ZERO],
        ]
        return Table("Outward supplies (GSTR-3B, 3.1)", (Column("Nature", width=48), *SUMS), rows)

    def _sections(self) -> Table:
        rows: list[list[Cell]] = [
            [rate.section, _place(rate.place), rate.rate, *_cells(sums)] for rate, sums in self._summary.by_section()
        ]
        columns = (Column("Section", width=10), Column("Place of supply", width=24), Column("Rate", Kind.PERCENT, 8))
        total = _added(self._summary.sections.values())
        return Table("By section, place and rate (GSTR-1)", (*columns, *SUMS), rows, ["Total", "", None, *total])

    def _codes(self) -> Table:
        rows: list[list[Cell]] = [
            [code.hsn or "(none)", code.rate, *_cells(sums)] for code, sums in self._summary.by_code()
        ]
        columns = (Column("HSN/SAC", width=12), Column("Rate", Kind.PERCENT, 8))
        total = _added(self._summary.codes.values())
        return Table("By HSN/SAC (GSTR-1, 12)", (*columns, *SUMS), rows, ["Total", None, *total])


def _cells(sums: Sums) -> list[Cell]:
    return [sums.taxable, sums.cgst, sums.sgst, sums.igst]


def _added(many: Any) -> list[Cell]:
    return [sum((getattr(one, name) for one in many), ZERO) for name in ("taxable", "cgst", "sgst", "igst")]


def _place(code: str | None) -> str:
    return f"{STATES.get(code, code)} ({code})" if code else "(none)"


REPORT: type[Report] = GstReport
