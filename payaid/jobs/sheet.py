"""A table in a file, read piece by piece: CSV as it is, XLSX through a process that writes it as CSV."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self, TextIO

from python_calamine import CalamineError, CalamineWorkbook

from payaid.jobs.policy import Permanent

DELIMITERS = ",;\t"
# An upload is a stranger's: what one record, and what is held of a table at a time, may come to.
MOST_COLUMNS = 1000
LONGEST_CELL = 1 << 20
LONGEST_RECORD = 4 << 20
LARGEST_PIECE = 8 << 20
TOO_MUCH = "the workbook unfolds to more than can be read: send it as csv, or in parts"
csv.field_size_limit(LONGEST_CELL)


class Sheet:
    """A CSV. Records are counted from 1, which is the header; blank ones count, and are left out."""

    def __init__(self, path: Path) -> None:
        """Read it through once, so that a table which breaks off in its middle is refused before anything is done.

        Raises:
            Permanent: it is no CSV in UTF-8, or a row of it is out of all bounds.
        """
        self._path = path
        self.header: list[str] = []
        self.last = 0
        try:
            for number, cells in self._records():
                self.header = self.header or cells
                self.last = number
        except UnicodeDecodeError:
            raise Permanent("the file is not UTF-8; save it as `CSV UTF-8`") from None
        except csv.Error as error:
            raise Permanent(f"behind row {self.last}, the file is no CSV: {error}") from error

    def pieces(self, after: int, size: int) -> Iterator[list[tuple[int, list[str]]]]:
        """Up to `size` records at a time, fewer of long ones, (number, cells), behind record number `after`."""
        piece: list[tuple[int, list[str]]] = []
        length = 0
        for number, cells in self._records():
            if number > after and any(cell.strip() for cell in cells):
                piece.append((number, cells))
                length += sum(map(len, cells))
            if len(piece) == size or length >= LARGEST_PIECE:
                yield piece
                piece, length = [], 0
        if piece:
            yield piece

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        with self._path.open(newline="", encoding="utf-8-sig") as source:
            first = source.readline(LONGEST_RECORD)
            source.seek(0)
            delimiter = max(DELIMITERS, key=first.count)
            lines = _Lines(source)
            for number, cells in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), 1):
                if len(cells) > MOST_COLUMNS:
                    raise Permanent(f"row {number} has {len(cells):,} cells, and {MOST_COLUMNS:,} is the most")
                yield number, cells
                lines.taken = 0


class _Lines:
    """The lines of a table, as long as those of one record together stay within bounds."""

    def __init__(self, source: TextIO) -> None:
        self.taken = 0
        self._source = source

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._source.readline(LONGEST_RECORD + 1)
        self.taken += len(line)
        if self.taken > LONGEST_RECORD:
            raise Permanent(f"a row is longer than {LONGEST_RECORD:,} characters")
        if not line:
            raise StopIteration
        return line


def flatten(workbook: str, target: str) -> None:
    """The first sheet of a workbook, as a CSV.

    Raises:
        Permanent: it is no workbook, or one that needs more memory than there is.
    """
    try:
        rows = CalamineWorkbook.from_path(workbook).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise Permanent(f"the file is no workbook: {error}") from error
    except MemoryError:
        raise Permanent(TOO_MUCH) from None
    with Path(target).open("w", newline="", encoding="utf-8") as sink:
        csv.writer(sink).writerows([_text(cell) for cell in row] for row in rows)


def _text(cell: Any) -> str:
    """A cell as it would stand in a CSV: no `.0` behind a telephone number, moments as in India."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell.isoformat()}+05:30"
    return cell.isoformat() if isinstance(cell, date) else str(cell)
