"""What a report is: rows go in one by one, and it knows its figures when they all have."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, LiteralString, Protocol

from payaid.jobs.documents.table import Cell, Column, Table
from payaid.rules.periods import Period


class Report(Protocol):
    """One report over a period, or as of today. `query` reads its rows: %(tenant)s, %(start)s, %(end)s."""

    title: ClassVar[str]
    query: ClassVar[LiteralString]
    register: ClassVar[tuple[Column, ...]]

    def __init__(self, period: Period | None, today: date) -> None: ...

    def take(self, row: Mapping[str, Any]) -> Sequence[Cell] | None:
        """Count one row; its line in the register, or None where it is no part of the report."""

    def over(self) -> str:
        """What time it is about, in words."""

    def figures(self) -> list[tuple[str, str]]:
        """The few numbers that come first."""

    def tables(self) -> list[Table]:
        """The sums."""


def days(period: Period) -> str:
    """1 October 2026 to 31 October 2026."""
    first, last = period.start.date(), period.last_day
    return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
