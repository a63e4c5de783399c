"""Periods of Indian business: the financial year (April to March) and GST's months, in Indian Standard Time."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Self

# India has one time zone, and no summer time.
IST = timezone(timedelta(hours=5, minutes=30), "IST")


def indian_date(moment: date | datetime) -> date:
    """The calendar date in India of an instant; a plain date is already one.

    Raises:
        ValueError: a datetime without a time zone names no instant.
    """
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone names no instant")
    return moment.astimezone(IST).date()


@dataclass(frozen=True, slots=True, order=True)
class FinancialYear:
    """April of `start` to March of the next year."""

    start: int

    @classmethod
    def of(cls, moment: date | datetime) -> Self:
        """The financial year of an instant: 31 March 23:59 IST still belongs to the old one."""
        day = indian_date(moment)
        return cls(day.year if day.month >= 4 else day.year - 1)

    @property
    def first_day(self) -> date:
        """1 April."""
        return date(self.start, 4, 1)

    @property
    def after(self) -> date:
        """The first day that is no longer in it."""
        return date(self.start + 1, 4, 1)

    @property
    def short(self) -> str:
        """25-26, for numbers that have little room."""
        return f"{self.start % 100:02}-{(self.start + 1) % 100:02}"

    def __str__(self) -> str:
        return f"{self.start}-{(self.start + 1) % 100:02}"


def month(year: int, number: int) -> tuple[datetime, datetime]:
    """A GST return's period, half open: [first day, first day of the next month) at midnight IST."""
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    return datetime(year, number, 1, tzinfo=IST), datetime(*following, 1, tzinfo=IST)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of Indian days, half open: start <= moment < end."""

    name: str
    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def last_day(self) -> date:
        """The last day that is in it, for people."""
        return (self.end - timedelta(days=1)).date()


PERIOD = re.compile(r"(?P<year>2\d{3})-(?P<month>0[1-9]|1[0-2])|FY(?P<from>2\d{3})-(?P<to>\d\d)(-Q(?P<quarter>[1-4]))?")


def period(text: str) -> Period:
    """A month (`2026-10`), a financial year (`FY2026-27`) or a quarter of one (`FY2026-27-Q1`: April to June).

    Raises:
        ValueError: it is none of these.
    """
    found = PERIOD.fullmatch(text)
    if not found or (found["from"] and (int(found["from"]) + 1) % 100 != int(found["to"])):
        raise ValueError(f"{text!r} is no period: 2026-10, FY2026-27 or FY2026-27-Q1")
    if found["month"]:
        return Period(text, *month(int(found["year"]), int(found["month"])))
    year = int(found["from"])
    if not found["quarter"]:
        return Period(text, month(year, 4)[0], month(year + 1, 4)[0])
    first = 3 * int(found["quarter"]) + 1  # April, July, October, and the 13th month: January of the next year
    start, last = divmod(year * 12 + first - 1, 12), divmod(year * 12 + first + 1, 12)
    return Period(text, month(start[0], start[1] + 1)[0], month(last[0], last[1] + 1)[1])
