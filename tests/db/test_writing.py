"""A write whose connection fails under it: what is answered, and what is believed afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from payaid.cache.stamps import Stamps
from payaid.db.writing import Unit, Writes
from payaid.errors import Unavailable

LOST = [psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction]


class Broken:
    """A primary whose transactions fail with this, before the work or at the commit; counts them."""

    def __init__(self, error: Callable[[], Exception], *, at_commit: bool) -> None:
        self.error, self.at_commit = error, at_commit
        self.tried = self.dropped = 0
        self.pool = self

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        yield SimpleNamespace(closed=False)

    async def drop_broken(self) -> None:
        """Nothing idle to test."""
        self.dropped += 1

    @asynccontextmanager
    async def transaction(self, *_: object) -> AsyncIterator[None]:
        self.tried += 1
        if not self.at_commit:
            raise self.error()
        yield
        raise self.error()


async def work(unit: Unit) -> str:
    unit.touch("Deal", "d")
    return "done"


def run(primary: Any) -> Stamps:
    """The primary was heard of last a minute ago: one that falls silent is what makes outcomes unknown."""
    now = 0.0
    stamps = Stamps(lambda: now)
    stamps.listen("e", 1)
    stamps.polled("e", 100)
    now = 60.0
    with pytest.raises(Unavailable) as refused:
        asyncio.run(Writes(primary, stamps).run("t", work))
    stamps.answer = refused.value.detail  # type: ignore[attr-defined]
    return stamps


@pytest.mark.parametrize("error", LOST)
def test_a_connection_lost_before_the_work_is_replaced_once_and_then_refused(error: type[Exception]) -> None:
    primary = Broken(error, at_commit=False)
    stamps: Any = run(primary)
    assert primary.tried == 2
    assert "nothing was done" in stamps.answer
    assert stamps.needed(("t/Deal",)) == 1


@pytest.mark.parametrize("error", LOST)
def test_a_commit_without_an_answer_is_told_as_unknown_and_nothing_kept_is_believed(error: type[Exception]) -> None:
    primary = Broken(error, at_commit=True)
    stamps: Any = run(primary)
    assert primary.tried == 1, "it may have happened: it is not done again"
    assert "not known" in stamps.answer
    assert stamps.needed(("t/Deal",)) > 100


def test_a_write_that_touches_no_kept_row_is_not_done_again_either() -> None:
    primary = Broken(psycopg.OperationalError, at_commit=True)

    async def writes_a_job(_: Unit) -> str:
        return "queued"

    with pytest.raises(Unavailable, match="not known"):
        asyncio.run(Writes(primary, Stamps(time.monotonic)).run("t", writes_a_job))  # type: ignore[arg-type]
    assert primary.tried == 1


@pytest.mark.parametrize(
    ("error", "tried", "said"),
    [
        (psycopg.errors.DeadlockDetected("x"), 2, "met others on the same rows"),
        (psycopg.errors.DiskFull("x"), 1, "memory or the room"),
    ],
    ids=["deadlock", "disk full"],
)
def test_what_is_no_lost_server_is_not_taken_for_one(error: psycopg.Error, tried: int, said: str) -> None:
    primary = Broken(lambda: error, at_commit=False)
    stamps: Any = run(primary)
    assert (primary.tried, primary.dropped) == (tried, 0)
    assert said in stamps.answer
    assert "nothing was done" in stamps.answer
