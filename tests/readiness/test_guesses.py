"""The guessing probe: what a series of attempts says, and when it says nothing."""

import httpx
import pytest

from payaidctl.probes.guesses import judge


def answer(status: int, reset: int) -> httpx.Response:
    return httpx.Response(status, headers={"x-ratelimit-reset": str(reset)})


@pytest.mark.parametrize(
    ("statuses", "resets", "refused_at", "window_ended"),
    [
        ([401] * 10 + [429], range(40, 29, -1), 11, False),
        ([401] * 11, range(40, 29, -1), None, False),
        ([401] * 11, [3, 2, 1, *range(60, 52, -1)], None, True),
    ],
    ids=["limited", "not limited", "a minute ended in between"],
)
def test_a_series(statuses: list[int], resets: list[int], refused_at: int | None, window_ended: bool) -> None:
    facts = judge([answer(status, reset) for status, reset in zip(statuses, resets, strict=True)])
    assert (facts["refused_at"], facts["window_ended"]) == (refused_at, window_ended)
