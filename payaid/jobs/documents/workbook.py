"""A report becomes an XLSX: a sheet of its sums and one of its rows. CPU-bound: call it in the process pool.

Rows are read from a file and written as they come, so a million of them need no more memory than a hundred.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from payaid.jobs.documents.table import Cell, Column, Kind, Table

# Lakhs and crores; a spreadsheet's own grouping is by thousands.
INDIAN = r"[>=10000000]##\,##\,##\,##0.00;[>=100000]##\,##\,##0.00;#,##0.00"
INDIAN_BELOW_ZERO = r"[<=-10000000]-##\,##\,##\,##0.00;[<=-100000]-##\,##\,##0.00;#,##0.00"
FORMATS = {Kind.MONEY: INDIAN, Kind.COUNT: "#,##0", Kind.PERCENT: '0.##"%"', Kind.DATE: "d mmm yyyy"}
# Text as it is: what people wrote is no formula and no link.
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
# The head is one of them.
LAST_ROW = 1_048_576


@dataclass(frozen=True, slots=True)
class Book:
    """What the workbook is made of. `register` is a file of JSON lines: the rows' cells, as `line` wrote them."""

    title: str
    lines: Sequence[str]
    figures: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    columns: tuple[Column, ...]
    register: str


def line(cells: Sequence[Cell]) -> bytes:
    """One row of the register, for its file."""
    return json.dumps([str(cell) if isinstance(cell, Decimal | date) else cell for cell in cells]).encode() + b"\n"


def write(book: Book, target: str) -> int:
    """Write the workbook; how many rows its register has."""
    with Workbook(target, OPTIONS) as made:
        made.set_properties({"title": book.title})
        styles = _styles(made)
        _summary(made.add_worksheet("Summary"), book, styles)
        return _register(made.add_worksheet("Register"), book, styles)


def _styles(made: Any) -> dict[str, Any]:
    plain = {kind: made.add_format({"num_format": code}) for kind, code in FORMATS.items()}
    below = made.add_format({"num_format": INDIAN_BELOW_ZERO})
    bold = {kind: made.add_format({"num_format": code, "bold": True, "top": 1}) for kind, code in FORMATS.items()}
    head = {"bold": True, "bg_color": "#1F4E9E", "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter"}
    return {
        "plain": plain, "below": below, "total": bold | {Kind.TEXT: made.add_format({"bold": True, "top": 1})},
        "title": made.add_format({"bold": True, "font_size": 16, "font_color": "#1F4E9E"}),
        "bold": made.add_format({"bold": True}), "head": made.add_format(head),
        "number": made.add_format(head | {"align": "right"}),
    }  # fmt: skip


def _summary(sheet: Any, book: Book, styles: dict[str, Any]) -> None:
    widths: list[int] = []
    for table in book.tables:
        own = [one.width for one in table.columns]
        widths = [max(pair) for pair in zip(own + [0] * len(widths), widths + [0] * len(own), strict=False)]
    for place, width in enumerate(widths):
        sheet.set_column(place, place, max(width, 12))
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, book.title, styles["title"])
    row = 1
    for text in book.lines:
        sheet.write_string(row, 0, text)
        row += 1
    for label, value in book.figures:
        sheet.write_string(row + 1, 0, label)
        sheet.write_string(row + 1, 1, value, styles["bold"])
        row += 1
    row += 2
    for table in book.tables:
        sheet.write_string(row, 0, table.title, styles["bold"])
        _head(sheet, row + 1, table.columns, styles)
        row += 2
        for cells in table.rows:
            _row(sheet, row, table.columns, cells, styles)
            row += 1
        if table.total:
            _row(sheet, row, table.columns, table.total, styles, total=True)
            row += 1
        row += 1


def _register(sheet: Any, book: Book, styles: dict[str, Any]) -> int:
    for place, column in enumerate(book.columns):
        sheet.set_column(place, place, column.width)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    _head(sheet, 0, book.columns, styles)
    row = 0
    with Path(book.register).open(encoding="utf-8") as rows:
        for row, text in enumerate(rows, start=1):
            _row(sheet, row, book.columns, _cells(book.columns, json.loads(text)), styles)
    sheet.autofilter(0, 0, row, len(book.columns) - 1)
    return row


def _cells(columns: Sequence[Column], given: list[Any]) -> list[Cell]:
    made: dict[Kind, Any] = {Kind.MONEY: Decimal, Kind.PERCENT: Decimal, Kind.DATE: date.fromisoformat}
    return [
        cell if cell is None else made.get(column.kind, lambda same: same)(cell)
        for column, cell in zip(columns, given, strict=True)
    ]


def _head(sheet: Any, row: int, columns: Sequence[Column], styles: dict[str, Any]) -> None:
    for place, column in enumerate(columns):
        sheet.write_string(row, place, column.label, styles["head" if column.kind is Kind.TEXT else "number"])


def _row(
    sheet: Any, row: int, columns: Sequence[Column], cells: Sequence[Cell], styles: dict[str, Any], *,
    total: bool = False,
) -> None:  # fmt: skip
    for place, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        style = styles["total" if total else "plain"].get(column.kind)
        match cell:
            case None:
                sheet.write_blank(row, place, None, style)
            case str():
                sheet.write_string(row, place, cell, style)
            case date():
                sheet.write_datetime(row, place, cell, style)
            case _:
                below = column.kind is Kind.MONEY and cell < 0 and not total
                sheet.write_number(row, place, float(cell), styles["below"] if below else style)
