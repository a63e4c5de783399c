"""Waiting for what must come true within a time, without sleeping longer than it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T], what: str, within_s: float = 5.0) -> T:
    """The probe's first true answer.

    Raises:
        AssertionError: it did not come within the time; the last answer is in the message.
    """
    deadline = time.monotonic() + within_s
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"not within {within_s} s: {what} (last: {answer!r})"
        time.sleep(0.01)
    return answer
