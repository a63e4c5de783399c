"""One generator process. `python -m payaidctl.load.generator ROLE ...`, started and watched by the conductor.

Roles: `describe` (what the scenarios send, as JSON), `solo` (all users in this process), `master` and `worker`
(several processes or machines, by Locust's own protocol). State goes to stdout, a JSON line a second; orders come on
stdin, a JSON line each; the end of stdin means that nobody watches any more, and ends the process.
"""

import argparse
import gc
import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gevent
import psutil
from gevent.fileobject import FileObject
from locust import User  # patches the standard library for gevent, before anything opens a socket
from locust.env import Environment

from payaidctl.load.person import Person
from payaidctl.load.plan import Plan
from payaidctl.load.record import NEVER, Recorder, Taken
from payaidctl.load.scenario import BadScenario, describe, load_all

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


def solo(plan: Plan, folder: Path, ui: int) -> None:
    """All users in this process."""
    recorder = Recorder()
    environment = stage(plan, recorder, shown=bool(ui))
    runner = environment.create_local_runner()
    if ui:
        environment.create_web_ui("127.0.0.1", ui)

    def report(taken: Taken, line: dict[str, Any]) -> None:
        taken.write(folder, "0")
        emit({"worker": "0", "broken": taken.broken[:3], **line})

    act = Act(environment, recorder, report)
    gevent.spawn(orders, lambda order: act.end(order["at"]))  # type: ignore[no-untyped-call]
    runner.start(plan.users, plan.ramp)
    act.play(plan.timeout)


def main() -> None:
    """Play one role."""
    parser = argparse.ArgumentParser(prog="payaidctl.load.generator")
    parser.add_argument("role", choices=["describe", "solo", "master", "worker"])
    parser.add_argument("--scenarios", default="")
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--ui", type=int, default=0)
    parser.add_argument("--master", default="127.0.0.1:5557")
    parser.add_argument("--name", default="")
    parser.add_argument("--expect", type=int, default=1)
    asked = parser.parse_args()
    del sys.argv[1:]  # Locust's page reads the command line as its own
    logging.getLogger("locust").setLevel(logging.ERROR)
    try:
        if asked.role == "describe":
            emit(describe(asked.scenarios.split(",")))
        elif asked.role == "solo":
            solo(Plan.parse(json.loads(asked.plan.read_text())), asked.folder, asked.ui)
        else:
            from payaidctl.load import several

            several.play(asked)
    except BadScenario as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    sys.stdout.flush()
    os._exit(0)  # thousands of sleeping users need no farewell each


if __name__ == "__main__":
    main()
