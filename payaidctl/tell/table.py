"""A report's own table, where its findings are rows of one kind: a line each, columns as wide as they need be.

A report carries it as `facts["table"]`: `{"columns": [...], "rows": [[...]]}`, each row beginning with a status.
"""

import re
from collections.abc import Sequence
from typing import Any

from payaidctl.finding import Report, Status
from payaidctl.tell.words import MARKS, clean

GAP = "  "
# A number, with its unit: 3,201 or 1.2 MB or 98.5 %.
FIGURE = re.compile(r"-?[\d,]+(\.\d+)?( ?[A-Za-z%]{1,3})?")


def lines(report: Report) -> list[str]:
    """The table as text, header first; empty where the report has none. Figures stand to the right."""
    table = report.facts.get("table")
    if not table or not table["rows"]:
        return []
    rows = [[clean(_cell(value)) for value in row[1:]] for row in table["rows"]]
    marks = [MARKS[Status(row[0])] for row in table["rows"]]
    widths = [max(map(len, column)) for column in zip(table["columns"], *rows, strict=True)]
    right = [all(_figure(value) for value in column) for column in zip(*rows, strict=True)]
    head = _line(" ", table["columns"], widths, right)
    return [head, *(_line(mark, row, widths, right) for mark, row in zip(marks, rows, strict=True))]


def _line(mark: str, cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return f"{mark} {GAP.join(padded)}".rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return str(value)


def _figure(text: str) -> bool:
    return text == "–" or FIGURE.fullmatch(text) is not None


def size(octets: int | None) -> str | None:
    """`1.2 MB`, in the powers of 1024 that Postgres counts in."""
    if octets is None:
        return None
    amount = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"
