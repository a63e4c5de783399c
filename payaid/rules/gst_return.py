"""A period's outward supplies as GSTR-1 and 3B want them, from invoices as they were billed.

Drafts and cancelled invoices are not supplies. Lines that are exempt or outside GST are reported apart from those
taxed at 0 %. Sections (GSTR-1): B2B, to registered buyers; B2CL, inter-state to others by invoices over a limit;
B2CS, all else to others. Under reverse charge the buyer pays the tax: the value counts, the tax is not ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from payaid.rules.money import ZERO

# Rule 59(4) of the CGST Rules; one lakh since August 2024 (notification 12/2024 Central Tax).
LARGE = Decimal(100_000)
LARGE_SINCE = date(2024, 8, 1)
LARGE_BEFORE = Decimal(250_000)
NOT_SUPPLIES = ("draft", "cancelled")
TAXES = ("cgst", "sgst", "igst")


@dataclass(slots=True)
class Sums:
    """Amounts of lines together; `tax` is what the supplier owes."""

    taxable: Decimal = ZERO
    cgst: Decimal = ZERO
    sgst: Decimal = ZERO
    igst: Decimal = ZERO

    @property
    def tax(self) -> Decimal:
        """All three."""
        return self.cgst + self.sgst + self.igst

    def add(self, item: Mapping[str, Any]) -> None:
        """Add a line as the invoice stores it."""
        self.taxable += Decimal(item["taxableValue"])
        self.cgst += Decimal(item["cgst"])
        self.sgst += Decimal(item["sgst"])
        self.igst += Decimal(item["igst"])


class Rate(NamedTuple):
    """A line of a section: where to (empty: the invoice does not say), and at which rate."""

    section: str
    place: str
    rate: Decimal


class Code(NamedTuple):
    """A line of the HSN summary."""

    hsn: str
    rate: Decimal


@dataclass(slots=True)
class GstSummary:
    """Invoices go in one by one; sums by section, place and rate, by HSN, and of what is not taxed."""

    sections: dict[Rate, Sums] = field(default_factory=dict)
    codes: dict[Code, Sums] = field(default_factory=dict)
    untaxed: dict[str, Decimal] = field(default_factory=lambda: {"exempt": ZERO, "non_gst": ZERO})
    taxed: Sums = field(default_factory=Sums)
    reverse_charge: Sums = field(default_factory=Sums)
    invoices: int = 0

    def add(self, invoice: Mapping[str, Any], on: date) -> str:
        """Count one invoice of that day (its row); its section, empty for what is no supply."""
        if invoice["status"] in NOT_SUPPLIES:
            return ""
        self.invoices += 1
        section = section_of(invoice, on)
        for item in invoice["items"]:
            treatment = item.get("treatment") or "taxable"
            if treatment != "taxable":
                self.untaxed[treatment] += Decimal(item["taxableValue"])
                continue
            rate = Decimal(item["gstRate"])
            place = Rate(section, invoice["placeOfSupply"] or "", rate)
            self.sections.setdefault(place, Sums()).add(item)
            self.codes.setdefault(Code(item.get("hsnCode") or "", rate), Sums()).add(item)
            (self.reverse_charge if invoice["reverseCharge"] else self.taxed).add(item)
        return section

    def by_section(self) -> Sequence[tuple[Rate, Sums]]:
        """In the order of the return, then by place and rate."""
        return sorted(self.sections.items())

    def by_code(self) -> Sequence[tuple[Code, Sums]]:
        """By code and rate."""
        return sorted(self.codes.items())


def section_of(invoice: Mapping[str, Any], on: date) -> str:
    """B2B, B2CL or B2CS."""
    if invoice["customerGSTIN"]:
        return "B2B"
    limit = LARGE if on >= LARGE_SINCE else LARGE_BEFORE
    return "B2CL" if invoice["isInterState"] and invoice["total"] > limit else "B2CS"
