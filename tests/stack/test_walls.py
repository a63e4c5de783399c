"""Nothing listens beyond this machine, no secret is on show, and nobody runs with more rights than he needs."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from payaidctl.env_file import read_env_file
from payaidctl.stack import Stack, processes, record
from payaidctl.stack.account import Account
from payaidctl.stack.selection import ALL


def all_of(stack: Stack) -> list[psutil.Process]:
    daemon = psutil.Process(int((stack.layout.home / "supervisor.pid").read_text()))
    return [daemon, *processes.ours(stack.layout.home, ALL)]


def test_everything_listens_on_loopback_alone(stack: Stack) -> None:
    bound = [
        (process.name(), socket.laddr.ip)
        for process in all_of(stack)
        for socket in process.net_connections("inet")
        if socket.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
    ]
    names = {name for name, _ in bound}
    assert {"postgres", "valkey-server"} <= names or {"postgres", "redis-server"} <= names
    assert {address for _, address in bound} == {"127.0.0.1"}


def test_no_secret_stands_in_a_command_line(stack: Stack) -> None:
    seen = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        seen += [line for secret in stack.site.secrets.values() if secret in line]
    assert seen == []


def test_files_that_hold_a_secret_are_their_owners_alone(stack: Stack) -> None:
    secrets = [secret.encode() for secret in stack.site.secrets.values()]
    data = {stack.site.folder(name) for name in ("primary", "replica")}
    holding, open_to_others = 0, []
    for root in {stack.layout.state, stack.layout.home}:
        for path in root.rglob("*"):
            if not path.is_file() or data & set(path.parents):
                continue
            content = path.read_bytes()
            if any(secret in content for secret in secrets):
                holding += 1
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    open_to_others.append(path)
    assert holding >= 10, "credentials, stack.env, the configurations"
    assert open_to_others == []


def test_no_secret_reaches_a_log(stack: Stack) -> None:
    text = "".join(log.read_text(errors="replace") for log in stack.layout.log.iterdir())
    assert text
    assert [name for name, secret in stack.site.secrets.items() if secret in text] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_databases_run_as_nobody_where_nobody_can_enter(stack: Stack) -> None:
    users = {process.name(): process.username() for process in all_of(stack)}
    assert users["postgres"] == "nobody"
    assert users.get("pgbouncer", "nobody") == "nobody"
    account = Account.for_databases()
    assert account.reaches(stack.layout.home)
    # pytest's own folders are closed (0700), so the home had to move.
    assert not account.reaches(stack.layout.state)
    assert stack.layout.home.parent == Path("/var/tmp")
    assert (stack.layout.state / "stack.home").read_text().strip() == str(stack.layout.home)


def test_the_service_is_given_its_settings_and_not_the_operators(stack: Stack) -> None:
    given = record.for_service(stack.env())
    assert "DATABASE_DIRECT_URL" not in given
    assert "PGBOUNCER_ADMIN_URL" not in given
    assert stack.site.secrets["payaid_owner"] not in repr(given)
    needed = {"DATABASE_URL", "DATABASE_READ_URL", "DATABASE_LISTEN_URL", "REDIS_CLUSTER_NODES", "JWT_SECRET", "PORT"}
    assert needed <= given.keys()
    assert read_env_file(stack.layout.conf / "api.env") == given


def test_the_launcher_passes_settings_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "api.env"
    file.write_text("JWT_SECRET=quite%secret=indeed\n")
    show = "import os, sys; print(os.environ['JWT_SECRET'], sys.argv)"
    launched = subprocess.run(
        [sys.executable, "-m", "payaidctl.stack.launch", file, sys.executable, "-c", show, "serve"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert launched.stdout == "quite%secret=indeed ['-c', 'serve']\n"
