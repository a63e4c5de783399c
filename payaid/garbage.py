"""Python's collector of reference cycles, kept from stopping the service.

Nearly all that a request makes is freed by its reference count. The collector looks for the rest among all objects
that can hold others, and with caches and 10,000 connections those are so many that its full passes took half of a
core and stopped every request for seconds. So what exists at the start is set aside, the young are looked through
less often, and the old only after very many of them were added; what it takes is counted (`payaid_gc_seconds`).
"""

import gc
import time

from payaid import observe

# Net new objects before the youngest are looked through (10 ms at 10,000 users), then every 20th time the middle ones
# (80 ms), and every 1,000th of those all: weeks for a service in balance, and still an end for what leaks by cycles.
THRESHOLDS = (5_000, 20, 1_000)


def settle() -> None:
    """Call once a process has loaded and built what it will keep."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.callbacks.append(_Pauses())


class _Pauses:
    """Times each pass."""

    def __init__(self) -> None:
        self._started = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._started = time.perf_counter()
        else:
            observe.emit(observe.Collected(info["generation"], time.perf_counter() - self._started))
