"""A table of a report, with its values: text for the page, numbers for the spreadsheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from payaid.rules.money import grouped, inr

Cell = str | int | Decimal | date | None


class Kind(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `width` in characters, for the spreadsheet."""

    label: str
    kind: Kind = Kind.TEXT
    width: int = 16


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their columns; `total` is a last row that stands out."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None

    def sheet(self) -> dict[str, Any]:
        """All of it as text."""
        rows = [*self.rows, *([self.total] if self.total else [])]
        return {
            "title": self.title,
            "columns": [{"label": one.label, "number": one.kind is not Kind.TEXT} for one in self.columns],
            "rows": [[shown(c.kind, cell) for c, cell in zip(self.columns, row, strict=True)] for row in rows],
            "total": bool(self.total),
        }


def shown(kind: Kind, cell: Cell) -> str:
    """A cell as people read it."""
    match kind, cell:
        case _, None:
            return ""
        case Kind.MONEY, Decimal():
            return inr(cell, symbol="")
        case Kind.COUNT, int():
            return grouped(str(cell))
        case Kind.PERCENT, Decimal():
            return f"{cell.normalize():f}%"
        case Kind.DATE, date():
            return f"{cell.day} {cell:%b %Y}"
        case _:
            return str(cell)
