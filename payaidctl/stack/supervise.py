"""The daemon that keeps the components running: supervisord, spoken to over XML-RPC on loopback."""

import contextlib
import hashlib
import http.client
import os
import resource
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payaidctl.errors import Failed
from payaidctl.stack import render
from payaidctl.stack.component import Program
from payaidctl.stack.ports import LOOPBACK, require_free
from payaidctl.stack.processes import await_end, end_leftovers
from payaidctl.stack.selection import ALL
from payaidctl.stack.site import Site
from payaidctl.stack.tail import last_lines

# What programs may see of the operator's environment. Nothing else: a DATABASE_URL of production that happens to be
# exported here must not reach the embedded API.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "PAYAID_CONTENT", "VIRTUAL_ENV", "PYTHONPATH")
CEILING = 65_536


@dataclass(frozen=True, slots=True)
class Fact:
    """What the daemon says of one program: its state in supervisor's words, and its process."""

    state: str
    pid: int | None
    said: str

    @property
    def running(self) -> bool:
        """Running, or just started."""
        return self.state in ("RUNNING", "STARTING")

    @property
    def given_up(self) -> bool:
        """It ended too often: the daemon does not try again."""
        return self.state in ("FATAL", "UNKNOWN")

    @property
    def idle(self) -> bool:
        """No process, and none is coming: after EXITED the supervisor starts it again."""
        return self.state in ("STOPPED", "FATAL", "UNKNOWN")


class _Patient(xmlrpc.client.Transport):
    """A daemon that hangs must not hang us."""

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = 15
        return connection


class Supervisor:
    """One stack's daemon."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.identifier = f"payaid-{hashlib.sha256(str(site.layout.home).encode()).hexdigest()[:12]}"
        self.config = site.layout.conf / "supervisord.conf"

    def _call(self, method: str, *arguments: object) -> Any:
        secret = self.site.secrets["supervisor"]
        url = f"http://payaidctl:{secret}@{LOOPBACK}:{self.site.ports['supervisor']}/RPC2"
        # One connection a call: proxies are not safe across threads, and steps run side by side.
        with xmlrpc.client.ServerProxy(url, transport=_Patient()) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)

    def answers(self) -> bool:
        """Whether our daemon answers."""
        try:
            return bool(self._call("getIdentification") == self.identifier)
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def configure(self, programs: Mapping[str, Program]) -> bool:
        """Render its configuration."""
        site = self.site
        text = render.render(
            "supervisord.conf.j2",
            identifier=self.identifier,
            home=site.layout.home,
            log=site.layout.log,
            port=site.ports["supervisor"],
            password_sha=hashlib.sha1(site.secrets["supervisor"].encode()).hexdigest(),  # noqa: S324 -- its format
            descriptors=descriptors(),
            root=os.geteuid() == 0,
            programs=programs,
        )
        return render.write(self.config, text, mode=0o600)

    def ensure(self) -> bool:
        """Start the daemon, or have it read its configuration again; say whether it was started now."""
        if self.answers():
            self._reread()
            return False
        home = self.site.layout.home
        end_leftovers(home, ALL)
        require_free("supervisor", self.site.ports["supervisor"])
        started = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.config)],
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"PYTHONUNBUFFERED": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=home,
        )
        if started.returncode != 0:
            raise Failed(f"supervisord did not start: {(started.stderr + started.stdout).strip()[-1500:]}")
        deadline = time.monotonic() + 20
        while not self.answers():
            if time.monotonic() > deadline:
                log = self.site.layout.log_of("supervisor")
                said = "\n".join(last_lines(log, 15))
                raise Failed(f"supervisord does not answer:\n{said}", f"see {log}")
            time.sleep(0.02)
        return True

    def _reread(self) -> None:
        """Take over programs that were added, changed or removed."""
        added, changed, removed = self._call("reloadConfig")[0]
        for name in (*removed, *changed):
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in (*added, *changed):
            self._call("addProcessGroup", name)

    def facts(self) -> dict[str, Fact]:
        """Every program; empty when the daemon is not running."""
        try:
            told = self._call("getAllProcessInfo")
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return {}
        return {one["name"]: _fact(one) for one in told}

    def fact(self, name: str) -> Fact:
        """One program."""
        return self.facts().get(name, Fact("STOPPED", None, "the supervisor does not run"))

    def start(self, name: str) -> None:
        """Start one program, and do not wait for it."""
        with _unless("ALREADY_STARTED", 60):
            self._call("startProcess", name, False)

    def stop(self, name: str) -> None:
        """Ask one program to end, and do not wait for it."""
        with _unless("NOT_RUNNING", 70):
            self._call("stopProcess", name, False)

    def signal(self, name: str, number: int, *, whole: bool = False) -> None:
        """Send a signal to one program's process; with `whole`, to the processes that it has started too."""
        pid = self.fact(name).pid
        if not pid:
            raise Failed(f"{name} does not run, so it cannot be sent signal {number}")
        if whole:
            os.killpg(pid, number)  # supervisor gives each program a group of its own
        else:
            os.kill(pid, number)

    def shutdown(self, patience_s: float = 90.0) -> None:
        """End the daemon, and with it whatever still runs; return when it is gone."""
        try:
            pid = int(self._call("getPID"))
            self._call("shutdown")
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return
        await_end(pid, patience_s)


@contextlib.contextmanager
def _unless(_name: str, code: int) -> Any:
    """Take one of supervisor's refusals for what it is: what was asked for is so already."""
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != code:
            raise Failed(f"supervisor refused: {fault.faultString}") from fault


def _fact(told: Mapping[str, Any]) -> Fact:
    return Fact(str(told["statename"]), int(told["pid"]) or None, str(told["spawnerr"] or told["description"]))


def descriptors() -> int:
    """How many files and sockets a component may open: all that the hard limit gives, up to 65,536."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return CEILING if hard == resource.RLIM_INFINITY else min(hard, CEILING)
