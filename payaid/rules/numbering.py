"""Document numbers: consecutive within a tenant, a series and a financial year, and at most 16 characters.

Rule 46(b) of the CGST Rules: letters, digits, `-` and `/` only. The count comes from a counter row that the
document's own transaction locks (NumberSeries); here it only becomes a number.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from payaid.rules.periods import FinancialYear

LONGEST = 16
ALLOWED = re.compile(r"[A-Za-z0-9/-]{1,16}")
CENTURY = range(2000, 2100)
PLACES = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class Series:
    """A run of numbers. `pattern` may name {year} (2025-26), {fy} (25-26), {count}; {count} is padded to `digits`.

    Raises:
        ValueError: the pattern cannot give valid, distinct numbers.
    """

    name: str
    pattern: str
    digits: int = 5

    def __post_init__(self) -> None:
        unknown = set(PLACES.findall(self.pattern)) - {"year", "fy", "count"}
        if unknown:
            raise ValueError(f"{self.pattern}: no such place: {', '.join(sorted(unknown))}")
        if self.pattern.count("{count}") != 1:
            raise ValueError(f"{self.pattern}: {{count}} must be there, once")
        if not {"year", "fy"} & set(PLACES.findall(self.pattern)):
            raise ValueError(f"{self.pattern}: without {{fy}} or {{year}} next year's numbers repeat this year's")
        self.number(1, date(2025, 4, 1))

    def number(self, count: int, moment: date | datetime) -> str:
        """The count-th number (from 1) of the financial year that `moment` lies in.

        Raises:
            ValueError: it would be longer than 16 characters, or hold a character that is not allowed; or two digits
                do not tell its year from another century's.
        """
        if count < 1:
            raise ValueError(f"{self.name}: numbers start at 1, not {count}")
        year = FinancialYear.of(moment)
        if year.start not in CENTURY:
            raise ValueError(f"{year}: numbers name their year by two digits, and it is not of this century")
        text = self.pattern.format(year=year, fy=year.short, count=f"{count:0{self.digits}}")
        if not ALLOWED.fullmatch(text):
            raise ValueError(f"{text!r}: a number has at most {LONGEST} letters, digits, `/` or `-`")
        return text


INVOICE = Series("INV", "INV/{fy}/{count}")
ORDER = Series("ORD", "ORD/{fy}/{count}")
CREDIT_NOTE = Series("CN", "CN/{fy}/{count}")
DEBIT_NOTE = Series("DN", "DN/{fy}/{count}")
QUOTE = Series("QT", "QT/{fy}/{count}")
# By the name that NumberSeries rows and the resources' declarations have for them.
SERIES = {series.name: series for series in (INVOICE, ORDER, CREDIT_NOTE, DEBIT_NOTE, QUOTE)}
