"""One generator process. `python -m payaidctl.load.generator ROLE ...`, started and watched by the conductor.

Roles: `describe` (what the scenarios send, as JSON), `solo` (all users in this process), `master` and `worker`
(several processes or machines, by Locust's own protocol). State goes to stdout, a JSON line a second; orders come on
stdin, a JSON line each; the end of stdin means that nobody watches any more, and ends the process.
"""

import argparse
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import gevent

from payaidctl.load import several
from payaidctl.load.act import Act, emit, orders, stage
from payaidctl.load.plan import Plan
from payaidctl.load.record import Recorder, Taken
from payaidctl.load.scenario import BadScenario, describe


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
            several.play(asked)
    except BadScenario as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    sys.stdout.flush()
    os._exit(0)  # thousands of sleeping users need no farewell each


if __name__ == "__main__":
    main()
