"""Indian money: exact decimals, rounded half up to paise or rupees, shown in lakhs and crores."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
PAISA = Decimal("0.01")
RUPEE = Decimal(1)
# numeric(14,2), the type of every money column, ends here.
LARGEST = Decimal("999999999999.99")


def paise(amount: Decimal) -> Decimal:
    """The amount in whole paise; half a paisa rounds away from zero."""
    return amount.quantize(PAISA, ROUND_HALF_UP)


def rupees(amount: Decimal) -> Decimal:
    """The amount in whole rupees, still with two decimals; fifty paise round up (CGST Act, section 170)."""
    return amount.quantize(RUPEE, ROUND_HALF_UP).quantize(PAISA)


def inr(amount: Decimal, *, symbol: str = "₹ ") -> str:
    """₹ 1,18,000.00: the last three digits together, then pairs."""
    whole, _, fraction = f"{abs(paise(amount)):f}".partition(".")
    sign = "-" if paise(amount) < 0 else ""
    return f"{sign}{symbol}{grouped(whole)}.{fraction}"


def grouped(digits: str) -> str:
    """Digits with Indian separators: 11800000 -> 1,18,00,000."""
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail])
