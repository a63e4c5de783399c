"""Several generator processes, on this machine or others, by Locust's own protocol.

The master plays nobody. It gives each worker its share of the cast, lets Locust spread the users, passes on when the
plateau ends, and writes down the samples that the workers send every second: a worker needs no common disk, and what
it had measured before it was lost is kept.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from payaidctl.load.act import Act, emit, orders, stage
from payaidctl.load.plan import Plan
from payaidctl.load.record import Recorder, Taken

WORKERS_COME_S = 600
HEARD_S = 10


def play(asked: argparse.Namespace) -> None:
    """Be the master or a worker."""
    host, _, port = asked.master.rpartition(":")
    if asked.role == "master":
        plan = Plan.parse(json.loads(asked.plan.read_text()))
        Master(plan, asked.folder, asked.expect, asked.ui).run(host, int(port))
    else:
        work(host, int(port), asked.name)


def share(plan: Plan, number: int, of: int) -> Plan:
    """One worker's part: every `of`-th actor. Of scenarios with fewer actors than workers, everybody has them all."""
    cast = {name: actors[number::of] if len(actors) >= of else actors for name, actors in plan.cast.items()}
    return replace(plan, cast=cast)


class Master:
    """Leads workers, and speaks for them to the conductor."""

    def __init__(self, plan: Plan, folder: Path, expect: int, ui: int) -> None:
        self.plan = plan
        self.folder = folder
        self.expect = expect
        self.ui = ui
        self.names: dict[str, str] = {}
        self.ready: set[str] = set()
        self.done: set[str] = set()
        self.all_ready = Event()
        self.all_done = Event()
        self.runner: MasterRunner

    def run(self, host: str, port: int) -> None:
        """Wait for the workers, start the users, and stay until every worker is done."""
        environment = stage(replace(self.plan, cast={}), Recorder(), shown=False)
        self.runner = environment.create_master_runner(host, port)
        if self.ui:
            environment.create_web_ui("127.0.0.1", self.ui)
        self.runner.register_message("part?", self._give_part)
        self.runner.register_message("part!", self._is_ready)
        self.runner.register_message("second", self._second)
        gevent.spawn(orders, self._order)  # type: ignore[no-untyped-call]
        if not self.all_ready.wait(WORKERS_COME_S):
            raise SystemExit(f"{len(self.ready)} of {self.expect} workers came within {WORKERS_COME_S} s")
        self.runner.start(self.plan.users, self.plan.ramp)
        gevent.spawn(self._miss)  # type: ignore[no-untyped-call]
        self.all_done.wait()

    def _give_part(self, environment: Environment, msg: Any) -> None:
        number = len(self.names)
        self.names[msg.node_id] = (msg.data or {}).get("name") or str(number)
        part = share(self.plan, number % self.expect, self.expect)
        self.runner.send_message("part", {"plan": asdict(part), "shown": bool(self.ui)}, client_id=msg.node_id)

    def _is_ready(self, environment: Environment, msg: Any) -> None:
        self.ready.add(msg.node_id)
        if len(self.ready) >= self.expect:
            self.all_ready.set()

    def _second(self, environment: Environment, msg: Any) -> None:
        name, data = self.names[msg.node_id], msg.data
        taken = Taken(*data["taken"])
        taken.write(self.folder, name)
        emit({"worker": name, "broken": taken.broken[:3], **data["line"]})
        if data["line"]["state"] == "done":
            self.done.add(msg.node_id)
            self.runner.send_message("heard", client_id=msg.node_id)
            if self.done >= self.ready:
                self.all_done.set()

    def _order(self, order: dict[str, Any]) -> None:
        self.runner.send_message("end", order)

    def _miss(self) -> None:
        """Tell of workers that Locust no longer hears, once each."""
        told: set[str] = set()
        while True:
            gevent.sleep(1.0)  # type: ignore[no-untyped-call]
            for node in [*self.runner.clients.missing]:
                if node.id not in told and node.id not in self.done:
                    told.add(node.id)
                    emit({"worker": self.names.get(node.id, node.id), "gone": "is no longer heard by the master"})


def work(host: str, port: int, name: str) -> None:
    """Ask the master for a part, play it, and send it every second what was recorded."""
    recorder = Recorder()
    environment = Environment(user_classes=[])
    runner = environment.create_worker_runner(host, port)
    given, heard = Event(), Event()
    plans: list[Plan] = []

    def part(environment: Environment, msg: Any) -> None:
        plan = Plan.parse(msg.data["plan"])
        staged = stage(plan, recorder, shown=msg.data["shown"])
        environment.user_classes, environment.host = staged.user_classes, plan.url
        plans.append(plan)
        runner.send_message("part!")
        given.set()

    act = Act(environment, recorder, lambda taken, line: _send(runner, taken, line))
    runner.register_message("part", part)
    runner.register_message("heard", lambda environment, msg: heard.set())
    runner.register_message("end", lambda environment, msg: act.end(msg.data["at"]))
    runner.send_message("part?", {"name": name})
    if not given.wait(WORKERS_COME_S):
        raise SystemExit("the master gave no part")
    act.play(plans[0].timeout)
    # Ending at once would take the last second's samples with it, which are still on their way.
    heard.wait(HEARD_S)
    runner.quit()


def _send(runner: WorkerRunner, taken: Taken, line: dict[str, Any]) -> None:
    runner.send_message("second", {"taken": list(taken), "line": line})
