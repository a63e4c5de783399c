"""The judge finds hand-made histories guilty that are, and no others: a checker that never fails proves nothing."""

from typing import Any

import pytest

from tests.torture.history import Kind, Outcome, Read, Write
from tests.torture.judge import Judge, judged

DONE, FAILED, UNKNOWN = Outcome.DONE, Outcome.FAILED, Outcome.UNKNOWN


def write(version: int, began: float, ended: float, outcome: Outcome = DONE, **more: Any) -> Write:
    given = {"tenant": "north", "row": "r", "state": "lead", "door": "api"} | more
    return Write(version=version, began=began, ended=ended, outcome=outcome, **given)


def detail(version: int | None, began: float, ended: float | None = None, **more: Any) -> Read:
    shows = {} if version is None else {"r": version}
    given: dict[str, Any] = {"kind": Kind.DETAIL, "tenant": "north", "asked": "r", "shows": shows}
    given |= {"began": began, "ended": began + 0.01 if ended is None else ended, "status": 200 if shows else 404}
    return Read(**given | more)


def facet(value: str, shows: dict[str, int], began: float, **more: Any) -> Read:
    states = dict.fromkeys(shows, value)
    return detail(None, began, kind=Kind.FACET, asked=value, shows=shows, states=states, status=200, **more)


def stats(counted: int, summed: int, began: float, **more: Any) -> Read:
    return detail(None, began, kind=Kind.STATS, counted=counted, summed=summed, status=200, **more)


def guilt(writes: list[Write], read: Read, *restarts: float) -> list[str]:
    return [one.what for one in judged(writes, [read], restarts)]


ONE, TWO = write(1, 0.0, 0.1), write(2, 5.0, 5.1)
MOVED = write(2, 5.0, 5.1, state="won")
GONE = write(2, 5.0, 5.1, state=None)


@pytest.mark.parametrize(
    ("writes", "read", "what"),
    [
        ([ONE, TWO], detail(1, 6.2), "a read without a token is old"),
        ([ONE, TWO], detail(1, 5.15, shown=TWO), "a read with its token is old"),
        ([ONE, TWO], detail(1, 5.15, shown=TWO, degraded=True), "a read with its token is old"),
        # The token of another row's write, which began after this one was acknowledged.
        ([ONE, TWO, write(3, 5.2, 5.3, row="s")], detail(1, 5.4, shown=write(3, 5.2, 5.3, row="s")),
         "a read with its token is old"),
        ([ONE], detail(None, 1.2), "a read without a token is absent"),
        ([ONE], detail(None, 0.15, shown=ONE), "a read with its token is absent"),
        ([ONE, GONE], detail(1, 6.2), "a read without a token is old"),
        ([ONE], detail(7, 1.0), "a write that never happened"),
        ([ONE, write(2, 5, 5.1, FAILED)], detail(2, 5.2), "a write that never happened"),
        ([ONE, TWO], detail(2, 4.0, 4.1), "a write of the future"),
        ([], detail(1, 4.0), "a row that nobody made"),
        ([ONE, MOVED], facet("lead", {"r": 1}, 6.2), "a read without a token is old"),
        ([ONE, MOVED], facet("won", {}, 6.2), "a read without a token is absent"),
        ([ONE, MOVED], facet("won", {}, 5.2, shown=MOVED), "a read with its token is absent"),
        ([ONE, MOVED], facet("lead", {"r": 2}, 5.2), "a row in the wrong list"),
        ([ONE, TWO], facet("won", {"r": 2}, 5.2), "a row in the wrong list"),
        ([ONE, TWO], stats(1, 1, 6.2), "a read without a token sums wrongly"),
        ([ONE, TWO], stats(1, 1, 5.2, shown=TWO), "a read with its token sums wrongly"),
        ([ONE, GONE], stats(1, 0, 6.2), "a read without a token counts wrongly"),
        ([ONE], stats(1, 3, 1.2), "a read without a token sums wrongly"),
        ([ONE], detail(1, 1.0, marks=frozenset({"north", "south"})), "another tenant's bytes"),
        ([ONE], detail(None, 1.0, kind=Kind.FOREIGN, status=200), "another tenant's row"),
        ([ONE], detail(None, 1.0, status=500), "a bug"),
    ],
)  # fmt: skip
def test_what_must_not_be_is_found(writes: list[Write], read: Read, what: str) -> None:
    assert guilt(writes, read) == [what]


@pytest.mark.parametrize(
    ("writes", "read"),
    [
        ([ONE, TWO], detail(2, 6.2)),
        ([ONE, TWO], detail(1, 5.9)),
        ([ONE, TWO], detail(1, 4.9, 5.3)),
        ([ONE, TWO], detail(1, 6.2, degraded=True)),
        ([ONE, TWO], detail(2, 5.05, 5.06)),
        ([ONE, TWO], detail(2, 5.15, shown=TWO)),
        # Acknowledged before, but not before the write whose token it is began.
        ([ONE, TWO, write(3, 5.05, 5.2, row="s")], detail(1, 5.3, shown=write(3, 5.05, 5.2, row="s"))),
        ([write(1, 0.0, 0.1, UNKNOWN)], detail(None, 9.0)),
        ([write(1, 0.0, 0.1, UNKNOWN)], detail(1, 9.0)),
        ([ONE, write(2, 5, 5.1, UNKNOWN)], detail(1, 9.0)),
        ([ONE, write(2, 5, 5.1, UNKNOWN)], detail(2, 9.0)),
        ([ONE, write(2, 5, 5.1, FAILED)], detail(1, 9.0)),
        ([ONE, GONE], detail(None, 5.2)),
        ([ONE, GONE], detail(1, 5.2)),
        ([ONE, MOVED], facet("lead", {}, 5.2)),
        ([ONE, MOVED], facet("lead", {"r": 1}, 5.2)),
        ([ONE, MOVED], facet("lead", {}, 9.0)),
        ([ONE, MOVED], stats(1, 0, 9.0)),
        ([ONE, MOVED], stats(1, 1, 5.5)),
        ([ONE, write(2, 5, 5.1, UNKNOWN)], stats(1, 1, 9.0)),
        ([ONE, write(2, 5, 5.1, UNKNOWN)], stats(1, 2, 9.0)),
        ([ONE], detail(None, 9.0, status=503)),
        ([ONE], detail(None, 9.0, kind=Kind.FOREIGN)),
    ],
)
def test_what_may_be_is_not_held_against_anybody(writes: list[Write], read: Read) -> None:
    assert guilt(writes, read) == []


def test_a_token_of_before_a_restart_asks_for_nothing_but_the_second_still_counts() -> None:
    assert guilt([ONE, TWO], detail(1, 5.9, shown=TWO), 5.5) == []
    assert guilt([ONE, TWO], detail(1, 6.3, shown=TWO), 5.5) == ["a read without a token is old"]


def test_what_was_unknown_counts_from_when_it_is_known() -> None:
    judge = Judge()
    judge.wrote(ONE)
    judge.wrote(write(2, 5, 5.1, UNKNOWN))
    assert judge.reads(detail(1, 9.0)) == []
    judge.resolved("north", "r", DONE, 20.0)
    assert judge.reads(detail(1, 20.9)) == []
    assert [one.what for one in judge.reads(detail(1, 21.1))] == ["a read without a token is old"]
    judge.wrote(write(3, 22, 22.1))
    assert judge.lost({"north": {"r": 3}}) == []


@pytest.mark.parametrize(
    ("writes", "truth", "lost"),
    [
        ([ONE, TWO], {"r": 2}, False),
        ([ONE, TWO], {"r": 1}, True),
        ([ONE, TWO], {}, True),
        ([ONE, GONE], {}, False),
        ([ONE, GONE], {"r": 1}, True),
        ([ONE, write(2, 5, 5.1, UNKNOWN)], {"r": 1}, False),
        ([ONE, write(2, 5, 5.1, UNKNOWN)], {"r": 2}, False),
        ([ONE, write(2, 5, 5.1, FAILED)], {"r": 2}, True),
        ([write(1, 0, 0.1, UNKNOWN)], {}, False),
    ],
)
def test_an_acknowledged_write_that_is_not_there_is_lost(
    writes: list[Write], truth: dict[str, int], lost: bool
) -> None:
    judge = Judge()
    for one in writes:
        judge.wrote(one)
    assert [one.what for one in judge.lost({"north": truth})] == ["a lost write"] * lost


def test_how_old_an_answer_was_is_measured() -> None:
    judge = Judge()
    for one in (ONE, MOVED):
        judge.wrote(one)
    judge.reads(detail(1, 5.4))
    judge.reads(facet("won", {}, 5.6))
    judge.reads(detail(1, 9.1, degraded=True))
    assert {kind: round(age, 3) for kind, age in judge.staleness.items()} == {
        "detail": 0.3, "facet": 0.5, "degraded": 4.0
    }  # fmt: skip
