"""GST on a bill: from its lines, and where it is supplied from and to, to every amount that it shows.

All amounts are Decimal rupees. Each line is taxed by its own rate on its own taxable value; the total is rounded to
the rupee (CGST Act, section 170) with the difference shown. State tax stands for the tax of a union territory too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from payaid.rules.broken import BrokenRules
from payaid.rules.gst_rates import why_not
from payaid.rules.gstin import FOREIGN, state_code
from payaid.rules.money import LARGEST, ZERO, paise, rupees


class Kind(StrEnum):
    """Who is supplied. SEZ units and exports are inter-state by law (IGST Act, sections 7 and 16)."""

    REGULAR = "regular"
    SEZ = "sez"
    EXPORT = "export"


class Treatment(StrEnum):
    """Exempt (and outside GST) is reported apart from 0 %, so it is said, not meant by a missing rate."""

    TAXABLE = "taxable"
    EXEMPT = "exempt"
    NON_GST = "non_gst"


@dataclass(frozen=True, slots=True)
class Line:
    """`quantity` times `unit_price` less `discount` (an amount); `rate` in percent, None where it was not given."""

    quantity: Decimal
    unit_price: Decimal
    rate: Decimal | None
    discount: Decimal = ZERO
    treatment: Treatment = Treatment.TAXABLE
    description: str = ""
    hsn: str | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """Whence, whither, when. States as code or name; `bond`: zero-rated without payment of tax (LUT)."""

    supplier_state: str | None
    place_of_supply: str | None
    on: date
    kind: Kind = Kind.REGULAR
    reverse_charge: bool = False
    bond: bool = False


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line with its amounts."""

    line: Line
    gross: Decimal
    taxable: Decimal
    cgst: Decimal
    sgst: Decimal
    igst: Decimal

    @property
    def tax(self) -> Decimal:
        """All of the line's tax."""
        return self.cgst + self.sgst + self.igst

    def item(self) -> dict[str, Any]:
        """The line as the invoice stores it: money as text of two decimals, because JSON numbers are floats."""
        line = self.line
        return {
            "description": line.description,
            "hsnCode": line.hsn,
            "quantity": f"{line.quantity.normalize():f}",
            "unitPrice": str(paise(line.unit_price)),
            "discount": str(line.discount),
            "taxableValue": str(self.taxable),
            "treatment": line.treatment.value,
            "gstRate": None if line.rate is None else f"{line.rate.normalize():f}",
            "cgst": str(self.cgst),
            "sgst": str(self.sgst),
            "igst": str(self.igst),
            "total": str(self.taxable + self.tax),
        }


@dataclass(frozen=True, slots=True)
class Bill:
    """Every amount of an invoice. Under reverse charge the buyer pays the tax: it is shown, and not in `total`."""

    lines: tuple[BilledLine, ...]
    inter_state: bool
    place_of_supply: str
    reverse_charge: bool

    @property
    def subtotal(self) -> Decimal:
        """Before discounts."""
        return sum((line.gross for line in self.lines), ZERO)

    @property
    def taxable(self) -> Decimal:
        """After discounts, before tax."""
        return sum((line.taxable for line in self.lines), ZERO)

    @property
    def discount(self) -> Decimal:
        """All discounts."""
        return self.subtotal - self.taxable

    @property
    def cgst(self) -> Decimal:
        """The Union's half of an intra-state supply's tax."""
        return sum((line.cgst for line in self.lines), ZERO)

    @property
    def sgst(self) -> Decimal:
        """The state's half."""
        return sum((line.sgst for line in self.lines), ZERO)

    @property
    def igst(self) -> Decimal:
        """The tax of an inter-state supply."""
        return sum((line.igst for line in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        """All tax that is shown."""
        return self.cgst + self.sgst + self.igst

    @property
    def payable(self) -> Decimal:
        """What the buyer owes the seller, to the paisa."""
        return self.taxable if self.reverse_charge else self.taxable + self.tax

    @property
    def total(self) -> Decimal:
        """The same in whole rupees."""
        return rupees(self.payable)

    @property
    def round_off(self) -> Decimal:
        """What the rounding added or took; at most fifty paise."""
        return self.total - self.payable

    def columns(self) -> dict[str, Any]:
        """The amounts under the names of the Invoice table's columns."""
        return {
            "subtotal": self.subtotal,
            "discount": self.discount,
            "cgst": self.cgst,
            "sgst": self.sgst,
            "igst": self.igst,
            "tax": self.tax,
            "roundOff": self.round_off,
            "total": self.total,
            "isInterState": self.inter_state,
            "placeOfSupply": self.place_of_supply,
            "reverseCharge": self.reverse_charge,
            "items": [line.item() for line in self.lines],
        }


def bill(lines: Sequence[Line], supply: Supply) -> Bill:
    """Tax the lines.

    Raises:
        BrokenRules: every mistake at once, by JSON pointer into the invoice's input.
    """
    mistakes = [
        *_wrong_places(supply),
        *(m for at, line in enumerate(lines) for m in _wrong_line(at, line, supply.on)),
    ]
    if not lines:
        mistakes.append(("/items", "a bill has at least one line"))
    if mistakes:
        raise BrokenRules(mistakes)
    place = FOREIGN if supply.kind is Kind.EXPORT else state_code(supply.place_of_supply)
    inter = supply.kind is not Kind.REGULAR or state_code(supply.supplier_state) != place
    billed = Bill(tuple(_taxed(line, inter, supply.bond) for line in lines), inter, place, supply.reverse_charge)
    # The sum first: rounding a figure of more digits than the context's is an error of its own.
    if billed.payable > LARGEST or billed.total > LARGEST:
        raise BrokenRules([("/items", f"the total is over {LARGEST}")])
    return billed


def _taxed(line: Line, inter: bool, bond: bool) -> BilledLine:
    gross = paise(line.quantity * line.unit_price)
    taxable = gross - paise(line.discount)
    rate = line.rate if line.rate and line.treatment is Treatment.TAXABLE and not bond else Decimal(0)
    # Each half is rounded by itself, so that both are the same to the paisa.
    half = ZERO if inter else paise(taxable * rate / 200)
    whole = paise(taxable * rate / 100) if inter else ZERO
    return BilledLine(line, gross, taxable, half, half, whole)


def _wrong_places(supply: Supply) -> Iterator[tuple[str, str]]:
    wanted = [("/supplierState", supply.supplier_state)]
    if supply.kind is not Kind.EXPORT:
        wanted.append(("/placeOfSupply", supply.place_of_supply))
    for pointer, state in wanted:
        try:
            state_code(state)
        except ValueError as error:
            yield pointer, str(error)
    if supply.bond and supply.kind is Kind.REGULAR:
        yield "/bond", "only an export or a supply to an SEZ goes without payment of tax"


def _wrong_line(at: int, line: Line, day: date) -> Iterator[tuple[str, str]]:
    pointer = f"/items/{at}"
    if line.quantity <= 0:
        yield f"{pointer}/quantity", "must be more than nothing"
    if line.unit_price < 0:
        yield f"{pointer}/unitPrice", "is negative"
    if not 0 <= line.discount <= max(ZERO, paise(line.quantity * line.unit_price)):
        yield f"{pointer}/discount", "is negative, or more than the line is worth"
    if line.treatment is not Treatment.TAXABLE:
        if line.rate:
            yield f"{pointer}/gstRate", f"a line that is {line.treatment.value} has no rate"
    elif line.rate is None:
        yield f"{pointer}/gstRate", "is not given; 0 and exempt are said apart"
    elif reason := why_not(line.rate, day, line.hsn):
        yield f"{pointer}/gstRate", reason
