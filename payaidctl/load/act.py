"""What each generator process does, alone or among others: sets the stage, obeys orders, reports once a second."""

import gc
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import gevent
import psutil
from gevent.fileobject import FileObject
from locust import User  # patches the standard library for gevent, before anything opens a socket
from locust.env import Environment

from payaidctl.load.person import Person
from payaidctl.load.plan import Plan
from payaidctl.load.record import NEVER, Recorder, Taken
from payaidctl.load.scenario import load_all

Report = Callable[[Taken, dict[str, Any]], None]
GRACE_S = 1.0


def emit(line: Mapping[str, Any]) -> None:
    """One line to the conductor."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def orders(obey: Callable[[dict[str, Any]], None]) -> None:
    """Read orders until whoever gives them is gone."""
    for line in FileObject(sys.stdin.fileno(), "rb", closefd=False):
        obey(json.loads(line))
    os._exit(4)


def stage(plan: Plan, recorder: Recorder, *, shown: bool) -> Environment:
    """The users' classes with their parts, in a Locust environment."""
    people = load_all(plan.scenarios)
    Person.recorder, Person.url, Person.tag = recorder, plan.url, plan.run
    Person.timeout, Person.think, Person.shown = plan.timeout, plan.think, shown
    Person.logins, Person.paths = plan.logins, frozenset(plan.paths)
    Person.cast = {person.__name__: deque(plan.cast.get(name, ())) for name, person in people.items()}
    for name, person in people.items():
        person.fixed_count = plan.counts[name]
    classes: list[type[User]] = [person for person in people.values() if person.fixed_count]
    environment = Environment(user_classes=classes, host=plan.url)

    def fault(user_instance: Person, exception: Exception, **_: Any) -> None:
        recorder.broken.append(f"{type(user_instance).__name__}: {type(exception).__name__}: {exception}")

    environment.events.user_error.add_listener(fault)  # type: ignore[no-untyped-call]
    return environment


class Act:
    """One process's part of a run: reports its state every second, and ends when it is told to."""

    def __init__(self, environment: Environment, recorder: Recorder, report: Report) -> None:
        self.environment = environment
        self.recorder = recorder
        self.report = report
        self.process = psutil.Process()
        self.frozen = False

    def end(self, at: float) -> None:
        """Plan the end of the plateau, in seconds since 1970."""
        self.recorder.ends_at = at - self.recorder.anchor

    def play(self, patience: float) -> None:
        """Report until the plateau is over and every answer that can still come has come."""
        self.process.cpu_percent()
        while not self._over(patience):
            gevent.sleep(1.0)  # type: ignore[no-untyped-call]
            self._tell("playing")
        self.recorder.abandon()
        self._tell("done")

    def _over(self, patience: float) -> bool:
        ends_at = self.recorder.ends_at
        if ends_at == NEVER or time.monotonic() < ends_at:
            return False
        return not self.recorder.in_flight or time.monotonic() > ends_at + patience + GRACE_S

    def _tell(self, state: str) -> None:
        runner = self.environment.runner
        if runner is None:
            return  # the act has not begun
        spawned = runner.state == "running"
        if spawned and not self.frozen:
            # A collection that walks ten thousand users stops them all for as long; they live to the end anyway.
            gc.collect()
            gc.freeze()
            self.frozen = True
        line = {
            "state": state, "users": runner.user_count, "spawned": spawned, "inFlight": len(self.recorder.in_flight),
            "cpu": self.process.cpu_percent(), "rss": self.process.memory_info().rss, "at": time.time(),
            "drift": time.time() - time.monotonic() - self.recorder.anchor,
        }  # fmt: skip
        self.report(self.recorder.take(), line)
