"""The API and the worker in the stack: started last, with their own settings and nothing else."""

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from payaidctl.stack import ComponentState, Condition, Stack, processes


@pytest.fixture(scope="module")
def served(own: Stack) -> Iterator[Stack]:
    """The stack with API and worker, one worker process to be quick."""
    own.up(settings={"WORKERS": "1"})
    yield own
    own.stop(["service"])


def of(stack: Stack, name: str) -> ComponentState:
    return next(one for one in stack.components() if one.name == name)


def get(stack: Stack, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", stack.site.ports["api"], timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_everything_is_up_and_the_schema_is_there(served: Stack) -> None:
    states = {one.name: one.state for one in served.components() if one.state is not Condition.ABSENT}
    assert set(states.values()) == {Condition.READY}, served.components()
    assert get(served, "/health/live") == 200
    assert get(served, "/health/ready") == 200


def test_the_service_sees_neither_the_operators_environment_nor_the_owners_url(served: Stack) -> None:
    # The API shows its title where its environment was; both are started in the same way.
    seen = psutil.Process(of(served, "worker").pid or 0).environ()
    assert seen["DATABASE_URL"] == served.env()["DATABASE_URL"]
    assert "DATABASE_DIRECT_URL" not in seen
    # Set by pytest in the very process that started the stack.
    assert "PYTEST_CURRENT_TEST" not in seen
    assert "PYTEST_VERSION" not in seen


def test_another_setting_restarts_the_service_and_nothing_else(served: Stack) -> None:
    before = {one.name: one.pid for one in served.components()}
    served.up(settings={"WORKERS": "1", "LOG_LEVEL": "warning"})
    after = {one.name: one.pid for one in served.components()}
    assert {name for name in after if after[name] != before[name]} == {"api", "worker"}
    assert psutil.Process(after["worker"] or 0).environ()["LOG_LEVEL"] == "warning"


def test_what_a_killed_service_left_behind_is_ended_before_it_starts(served: Stack) -> None:
    served.stop(["worker"])
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        cwd=served.site.folder("worker"),
        start_new_session=True,
    )
    try:
        served.start(["worker"])
        assert left.wait(10) == -signal.SIGTERM
    finally:
        left.kill()
    assert {one.pid for one in processes.ours(served.layout.home, ["worker"])} == {of(served, "worker").pid}


def test_a_service_that_cannot_reach_its_databases_is_not_ready(served: Stack) -> None:
    served.start(["api"])
    served.stop(["database"])
    try:
        deadline = time.monotonic() + 15
        while of(served, "api").state is not Condition.UNREADY:
            assert time.monotonic() < deadline, of(served, "api")
            time.sleep(0.1)
        assert "/health/ready" in of(served, "api").detail
    finally:
        served.start(["database"])
