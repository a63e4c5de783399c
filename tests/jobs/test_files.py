"""The folder of files: nobody else looks into it, and nothing of it stays behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from payaid.files import Files, Ticket


@pytest.fixture(autouse=True)
def lax() -> Iterator[None]:
    """A process that lets everybody read what it makes."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_every_folder_is_the_services_alone(tmp_path: Path) -> None:
    path = Files(str(tmp_path), "x" * 32, 3600).place(Ticket("north", "job", "contacts.csv"))
    assert [folder.stat().st_mode & 0o777 for folder in path.parents[:2]] == [0o700, 0o700]


def test_a_sweep_leaves_no_empty_folders_and_what_is_spared(tmp_path: Path) -> None:
    files = Files(str(tmp_path), "x" * 32, 3600)
    old, spared = (files.place(Ticket(tenant, "job", "upload.csv")) for tenant in ("north", "south"))
    for path in (old, spared):
        path.write_text("x")
        os.utime(path, (0, 0))
    assert files.sweep(60, {spared.parent}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["t-south"]
    assert files.waiting("south") == 1
    assert files.place(Ticket("north", "job", "upload.csv")).parent.is_dir()
