"""Up, down, up again: nothing is started twice, nothing is left behind, nothing is lost."""

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest
from redis import Redis

from payaidctl.errors import Failed, UsageError
from payaidctl.stack import Condition, Stack, processes
from payaidctl.stack.ports import LOOPBACK, PortTaken
from payaidctl.stack.selection import ALL
from tests.fixtures.database import admin


def pids(stack: Stack) -> dict[str, int | None]:
    return {one.name: one.pid for one in stack.components()}


def conditions(stack: Stack) -> dict[str, Condition]:
    return {one.name: one.state for one in stack.components()}


def test_up_again_leaves_what_runs_alone(own: Stack) -> None:
    before = pids(own)
    own.up(groups=["data"])
    assert pids(own) == before


def test_down_ends_every_process_and_up_brings_the_data_back(own: Stack) -> None:
    ports = dict(own.site.ports)
    with admin(own) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    with Redis.from_url(own.env()["QUEUE_REDIS_URL"]) as queue:
        queue.set("kept", "yes")

    own.down()
    assert processes.ours(own.layout.home, ALL) == []
    assert not own.supervisor.answers()
    assert set(conditions(own).values()) == {Condition.STOPPED}

    own.up(groups=["data"])
    assert own.site.ports == ports
    with admin(own) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    with Redis.from_url(own.env()["QUEUE_REDIS_URL"]) as queue:
        assert queue.get("kept") == b"yes"


def test_a_killed_supervisor_leaves_nothing_that_up_cannot_take_over(own: Stack) -> None:
    daemon = int((own.layout.home / "supervisor.pid").read_text())
    os.kill(daemon, signal.SIGKILL)
    processes.await_end(daemon, 10)
    orphans = {process.pid for process in processes.ours(own.layout.home, ALL)}
    assert orphans

    own.up(groups=["data"])
    assert not orphans & {pid for pid in pids(own).values() if pid}
    assert conditions(own)["replica"] is Condition.READY


def test_a_taken_port_is_named_with_its_component_and_its_holder(own: Stack) -> None:
    own.stop(["queue"])
    port = own.site.ports["queue"]
    with socket.create_server((LOOPBACK, port)):
        with pytest.raises(PortTaken, match=rf"port {port} of queue is taken by .*pid {os.getpid()}") as caught:
            own.start(["queue"])
        assert "--new-ports" in caught.value.advice

        assert own.change_ports() == ["queue"]
        own.start(["queue"])
    assert own.site.ports["queue"] != port
    assert f":{own.site.ports['queue']}/" in (own.layout.state / "stack.env").read_text()


def test_a_cluster_whose_port_was_taken_is_formed_anew(own: Stack) -> None:
    own.stop(["cache"])
    port = own.site.ports["cache-2"]
    # The bus port alone: the node would start, and never be heard of.
    with socket.create_server((LOOPBACK, port + 10_000)):
        with pytest.raises(PortTaken, match=f"port {port + 10_000} of cache-2"):
            own.start(["cache"])
        assert own.change_ports() == ["cache-2"]
        own.start(["cache"])
    assert conditions(own)["cluster"] is Condition.READY


def test_a_component_that_dies_is_told_with_its_last_words(own: Stack) -> None:
    own.stop(["queue"])
    manifest = own.site.folder("queue") / "appendonlydir" / "appendonly.aof.manifest"
    whole = manifest.read_text()
    manifest.write_text("this is no manifest\n")
    try:
        with pytest.raises(Failed, match="Invalid AOF manifest file format") as caught:
            own.start(["queue"])
        assert "payaidctl logs queue" in caught.value.advice
        seen = conditions(own)
        assert seen["queue"] is Condition.FAILED
        assert seen["primary"] is Condition.READY
    finally:
        manifest.write_text(whole)
    own.start(["queue"])
    assert conditions(own)["queue"] is Condition.READY


def test_a_killed_component_comes_back_by_itself(own: Stack) -> None:
    before = pids(own)["replica"]
    own.kill("replica")
    own.start(["replica"])
    assert pids(own)["replica"] != before
    assert conditions(own)["replica"] is Condition.READY


def test_only_what_runs_can_be_killed(own: Stack) -> None:
    with pytest.raises(Failed, match="api does not run"):
        own.kill("api")
    with pytest.raises(UsageError, match="no component `databse`"):
        own.start(["databse"])


def test_what_the_service_may_be_told(own: Stack) -> None:
    for refused in ({"DATABASE_URL": "postgresql://elsewhere/payaid"}, {"NO_SUCH_SETTING": "1"}):
        with pytest.raises(UsageError):
            own.up(groups=["queue"], settings=refused)
    own.up(groups=["data"], settings={"RATE_LIMITS": "false"})
    assert own.env()["RATE_LIMITS"] == "false"
    assert "RATE_LIMITS=false" in (own.layout.conf / "api.env").read_text()
    own.up(groups=["data"])
    assert own.env()["RATE_LIMITS"] == "false", "settings are kept until others are given"


def test_the_files_of_a_stack_that_is_destroyed_are_gone(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("short")
    (state / "evidence").mkdir()
    stack = Stack.at(state)
    stack.up(groups=["queue"], durable=False)
    home, process = stack.layout.home, psutil.Process(pids(stack)["queue"] or 0)
    stack.destroy()
    assert not home.exists()
    assert not process.is_running()
    assert sorted(one.name for one in state.iterdir()) == ["evidence", "stack.lock"]


def test_a_pooler_that_was_installed_since_does_not_keep_the_stack_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a stack is made of was decided when it started; PATH may say something else by the time it ends."""
    with monkeypatch.context() as bare:
        bare.setattr("payaidctl.stack.binaries._which", lambda _name: None)
        Stack.at(tmp_path).up(groups=["data"], durable=False)
    later = Stack.at(tmp_path)
    try:
        later.down()
        assert processes.ours(later.layout.home, ALL) == []
    finally:
        later.destroy()
