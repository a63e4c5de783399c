"""The commands as a person or a script meets them: output, exit status, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from payaidctl.stack import Stack, processes
from payaidctl.stack.selection import ALL


def command(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name("payaidctl")), *words]


def run(state: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    # COLUMNS: messages must not depend on the width of the terminal that the tests were started from.
    environ = os.environ | {"PAYAID_STATE": str(state), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        command(*words), env=environ, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL
    )


def test_status_answers_machines_on_stdout_alone(stack: Stack) -> None:
    told = run(stack.layout.state, "status", "--output", "json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert report["verdict"] == "pass"
    status = {one["id"]: one["status"] for one in report["findings"]}
    assert status["stack.primary"] == status["stack.cluster"] == "pass"
    assert status["stack.api"] == "skip", "the session's stack has data services alone"
    assert report["findings"][0]["evidence"]["port"] == stack.site.ports["primary"]


def test_status_fails_when_a_component_is_missing(own: Stack) -> None:
    own.stop(["queue"])
    told = run(own.layout.state, "status")
    own.start(["queue"])
    assert told.returncode == 1
    assert "run `payaidctl up`" in told.stdout


def test_up_again_is_quick_and_tells_progress_on_stderr(own: Stack) -> None:
    began = time.monotonic()
    told = run(own.layout.state, "up", "--without", "service", "--output", "json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["command"] == "up"
    assert "✓ replica" in told.stderr
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("words", [("status",), ("down",), ("logs",)])
def test_without_a_stack_the_way_to_one_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    told = run(tmp_path, *words)
    assert told.returncode == 2
    assert "no embedded stack was started in" in told.stderr
    assert "payaidctl up" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_unknown_components_are_a_usage_error(stack: Stack) -> None:
    told = run(stack.layout.state, "logs", "databse")
    assert told.returncode == 2
    assert "choose from: all, data" in told.stderr


def test_data_is_not_removed_unless_somebody_says_yes(stack: Stack) -> None:
    told = run(stack.layout.state, "up", "--fresh")
    assert told.returncode == 2
    assert "--yes" in told.stderr
    assert stack.supervisor.answers()


def test_logs_name_their_component_when_they_are_several(stack: Stack) -> None:
    several = run(stack.layout.state, "logs", "database", "-n", "2").stdout.splitlines()
    assert {line.split(" | ")[0].strip() for line in several} >= {"primary", "replica"}
    alone = run(stack.layout.state, "logs", "primary", "-n", "3").stdout.splitlines()
    assert len(alone) == 3
    assert not any(line.startswith("primary |") for line in alone)


def test_ctrl_c_ends_what_this_run_has_started(tmp_path: Path) -> None:
    environ = os.environ | {"PAYAID_STATE": str(tmp_path / "state"), "NO_COLOR": "1"}
    up = subprocess.Popen(
        command("up", "--without", "service"), env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert up.stderr
        line = next(line for line in up.stderr if "✓ cache-1" in line)
        assert line
        up.send_signal(signal.SIGINT)
        rest = up.stderr.read()
        assert up.wait(60) == 130, rest
        assert "interrupted" in rest
        stack = Stack.at(tmp_path / "state")
        assert processes.ours(stack.layout.home, ALL) == []
        assert not stack.supervisor.answers()
    finally:
        up.kill()
        Stack.at(tmp_path / "state").destroy()
