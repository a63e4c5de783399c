"""Run steps side by side, each as soon as what it needs is done; the first failure, or Ctrl-C, ends the rest."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Protocol

Say = Callable[[str], None]
Work = Callable[[Say], str]


class Cancelled(Exception):
    """Another step failed, or the person interrupted."""


class Progress(Protocol):
    """Who is told how far things are."""

    def began(self, step: str) -> None:
        """A step starts."""

    def said(self, step: str, what: str) -> None:
        """A step does something that takes a moment."""

    def done(self, step: str, detail: str, seconds: float) -> None:
        """A step is through."""

    def failed(self, step: str, why: str) -> None:
        """A step did not succeed."""


class Silent:
    """Tells nobody."""

    def began(self, step: str) -> None:
        """Not told."""

    def said(self, step: str, what: str) -> None:
        """Not told."""

    def done(self, step: str, detail: str, seconds: float) -> None:
        """Not told."""

    def failed(self, step: str, why: str) -> None:
        """Not told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work. `work` returns what there is to say when it is done; needs that are no step are met."""

    name: str
    needs: frozenset[str]
    work: Work


def run(steps: Sequence[Step], progress: Progress, cancelled: threading.Event) -> None:
    """Run all steps. `cancelled` is set as soon as one fails: a step that polls looks at it.

    Raises:
        Exception: what the first failing step raised.
    """
    by_name = {step.name: step for step in steps}
    order = TopologicalSorter({step.name: step.needs & by_name.keys() for step in steps})
    order.prepare()
    under_way: dict[Future[None], str] = {}
    failure: BaseException | None = None
    with ThreadPoolExecutor(max_workers=16, thread_name_prefix="stack") as threads:
        try:
            while order.is_active() and not failure:
                for name in order.get_ready():
                    under_way[threads.submit(_one, by_name[name], progress)] = name
                ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    name = under_way.pop(future)
                    failure = failure or future.exception()
                    order.done(name)
        finally:
            # Reached with steps under way after a failure and after Ctrl-C alike.
            if under_way:
                cancelled.set()
    if failure:
        raise failure


def _one(step: Step, progress: Progress) -> None:
    started = time.monotonic()
    progress.began(step.name)
    try:
        detail = step.work(lambda what: progress.said(step.name, what))
    except Cancelled:
        raise
    except Exception as error:
        progress.failed(step.name, str(error))
        raise
    progress.done(step.name, detail, time.monotonic() - started)
