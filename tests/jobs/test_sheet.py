"""What a stranger's table may cost: a row, a cell and a line have bounds, and what is beyond them ends the job."""

import time
import tracemalloc
from pathlib import Path

import pytest

from payaid.jobs.policy import Permanent
from payaid.jobs.sheet import LONGEST_CELL, MOST_COLUMNS, Sheet
from payaid.resources import catalogue
from payaid.rest.cells import header


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "upload.csv"


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("name," * MOST_COLUMNS + "name\nx\n", "row 1 has 1,001 cells"),
        ("name\nx\n" + "," * MOST_COLUMNS + "\n", "row 3 has 1,001 cells"),
        ("name\nx\n" + "y" * (LONGEST_CELL + 1) + "\n", "behind row 2, the file is no CSV: field larger"),
        ("," * 16_000_000, "a row is longer than"),
        ('name\n"' + "x\n" * 10_000_000, "field larger"),
        ("name\n" + '"\n",' * 4_000_000, "a row is longer than"),
    ],
)
def test_what_is_beyond_the_bounds_is_refused_in_little_memory(path: Path, body: str, cause: str) -> None:
    path.write_text(body)
    tracemalloc.start()
    try:
        with pytest.raises(Permanent, match=cause):
            Sheet(path)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_rows_at_the_bounds_are_read(path: Path) -> None:
    path.write_text(",".join(["name"] * MOST_COLUMNS) + "\n" + "y" * LONGEST_CELL + "\n")
    sheet = Sheet(path)
    assert (len(sheet.header), sheet.last) == (MOST_COLUMNS, 2)
    assert [len(piece[0][1][0]) for piece in sheet.pieces(1, 500)] == [LONGEST_CELL]


def test_long_rows_come_a_few_at_a_time(path: Path) -> None:
    path.write_text("name\n" + ("y" * 1_000_000 + "\n") * 20)
    pieces = list(Sheet(path).pieces(1, 500))
    assert [len(piece) for piece in pieces] == [9, 9, 2]
    assert [number for piece in pieces for number, _ in piece] == list(range(2, 22))


def test_the_same_name_again_and_again_is_counted_once_through() -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"^name: there is more than one column"):
        header(catalogue().by_path["crm/contacts"], ["name"] * 100_000)
    assert time.process_time() - began < 5
