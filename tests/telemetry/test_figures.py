"""Figures that are rendered on a thread while the event loop counts on."""

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from payaid import observe
from payaid.telemetry.prometheus import Metrics


@pytest.fixture
def crowded() -> Iterator[None]:
    """Threads that take turns all the time, and a cycle collector that gives them occasion to."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()

    def turn(*_: object) -> None:
        sum(range(50))

    gc.callbacks.append(turn)
    sys.setswitchinterval(1e-6)
    gc.set_threshold(20, 5, 5)
    yield
    gc.callbacks.remove(turn)
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)
    observe.silence()


@pytest.mark.usefixtures("crowded")
def test_figures_can_be_rendered_while_they_are_counted() -> None:
    metrics, over = Metrics("w", list), threading.Event()
    metrics.subscribe()

    def count() -> None:
        number = 0
        while not over.is_set():
            number += 1
            route = f"/r{number % 3000}"
            observe.emit(
                observe.Answered(route, "GET", 200, "list", "miss", "leased", "basic", 0.01, "t", f"{number}", "")
            )
            observe.emit(observe.Read(route, "replica", 0.01))
            observe.emit(observe.Degraded(route, ""))
            observe.emit(observe.SessionRead(route))

    counting = threading.Thread(target=count)
    counting.start()
    try:
        for _ in range(12):
            assert b"payaid_active_users" in metrics.exposition()
        assert counting.is_alive()
    finally:
        over.set()
        counting.join()
