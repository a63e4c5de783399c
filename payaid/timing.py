"""Where a request's time went: marks that whoever waits for a server leaves, for the request that waits for it.

A context variable and not an argument: between the two stand the cache, the plan and the unit of work, none of which
is concerned. A fill that several requests share tells the one that began it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Marks = dict[str, float]
_marks: ContextVar[Marks | None] = ContextVar("marks", default=None)


def begin() -> Marks:
    """From here on this task, and the tasks that it makes, add to these marks: seconds by name."""
    marks: Marks = {}
    _marks.set(marks)
    return marks


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Add the block's seconds to a mark, if anybody asked."""
    marks = _marks.get()
    if marks is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        marks[name] = marks.get(name, 0.0) + time.perf_counter() - started
