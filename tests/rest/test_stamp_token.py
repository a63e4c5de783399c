"""The token of a write: what it asks of a process that hears in another epoch than the write's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payaid.cache.stamps import DIRTY
from payaid.db.identity import Identity, Mark
from payaid.errors import BadRequest
from payaid.stamp_token import StampTokens

SECRET = "a secret that only tests have, of some length"


def primary(system: str, timeline: int, started_us: int) -> str:
    return Identity(system, f"{started_us:014x}", in_recovery=False, timeline=f"{timeline:08X}").epoch


lives = st.tuples(st.integers(1, 2**31), st.integers(1, 2**54))


@given(written=lives, heard=lives, position=st.integers(0, 2**62))
def test_later_is_above_all_that_is_kept_and_earlier_asks_for_nothing(
    written: tuple[int, int], heard: tuple[int, int], position: int
) -> None:
    token = StampTokens(SECRET, lambda: "").seal(Mark(primary("7", *written), position))
    asked = StampTokens(SECRET, lambda: primary("7", *heard)).open(token)
    assert asked == (position if written == heard else DIRTY if written > heard else 0)


def test_before_anything_was_heard_the_primary_has_to_say() -> None:
    assert (
        StampTokens(SECRET, lambda: "").open(StampTokens(SECRET, lambda: "").seal(Mark(primary("7", 1, 1), 5))) == DIRTY
    )


@pytest.mark.parametrize("started", [1, 2, 3])
def test_another_clusters_token_asks_for_nothing(started: int) -> None:
    token = StampTokens(SECRET, lambda: "").seal(Mark(primary("8", 1, started), 5))
    assert StampTokens(SECRET, lambda: primary("7", 1, 2)).open(token) == 0


def test_another_services_token_is_refused() -> None:
    token = StampTokens(SECRET[1:], lambda: "").seal(Mark(primary("7", 1, 1), 5))
    with pytest.raises(BadRequest, match="not a token"):
        StampTokens(SECRET, lambda: "").open(token)
