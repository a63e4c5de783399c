"""Bring one component up, or down: the same few steps for each, whatever it is."""

import threading
import time
from dataclasses import dataclass, field

import psycopg
import redis

from payaidctl.errors import Failed
from payaidctl.stack import ports
from payaidctl.stack.component import Component, NotReady
from payaidctl.stack.processes import end_leftovers
from payaidctl.stack.steps import Cancelled, Say
from payaidctl.stack.supervise import Supervisor
from payaidctl.stack.tail import last_lines

EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Lift:
    """One run's way up. `started` is what this run has started, so that Ctrl-C ends no more than that."""

    supervisor: Supervisor
    cancelled: threading.Event = field(default_factory=threading.Event)
    started: list[str] = field(default_factory=list)

    def up(self, component: Component, say: Say, *, restart: bool = False) -> str:
        """Prepare, start, wait until it is ready, settle; return what it says of itself.

        Raises:
            Failed: it ended, or was not ready in time; the message ends with its log's last lines.
            PortTaken: another program has its port.
        """
        try:
            running = self.supervisor.fact(component.name).running
            if running and restart:
                say("restarting: its configuration changed")
                down(self.supervisor, component.name)
            if not running or restart:
                component.prepare(say)
                self._start(component)
            detail = self._await(component, say)
            component.settle(say)
        except (psycopg.Error, redis.RedisError) as error:
            raise Failed(f"{component.name}: {str(error).strip()}", _see(component)) from error
        return detail

    def _start(self, component: Component) -> None:
        if self.cancelled.is_set():
            raise Cancelled
        # What a killed process left behind would serve on beside the new one, with the old code and settings.
        end_leftovers(component.site.layout.home, (component.name,))
        if component.port:
            ports.require_free(component.name, component.port, clustered=component.clustered)
        self.started.append(component.name)
        self.supervisor.start(component.name)

    def _await(self, component: Component, say: Say) -> str:
        deadline = time.monotonic() + component.patience_s
        ends, before = 0, ""
        while True:
            if self.cancelled.is_set():
                raise Cancelled
            # The process first: on a port it does not hold, somebody else might answer.
            fact = self.supervisor.fact(component.name)
            ends += fact.state in ("BACKOFF", "EXITED") and fact.state != before
            before = fact.state
            # The supervisor would try twice more; a person need not wait for that.
            if fact.idle or ends > 1:
                raise Failed(f"{component.name} ended ({fact.said}):\n{_tail(component)}", _see(component))
            try:
                if fact.state == "RUNNING" or (fact.running and not component.silent):
                    return component.look()
            except NotReady as why:
                if time.monotonic() > deadline:
                    waited = f"{component.name} is not ready after {component.patience_s:.0f} s"
                    raise Failed(f"{waited}: {why}\n{_tail(component)}", _see(component)) from why
                say("waiting for an answer")
            time.sleep(EVERY_S)


def down(supervisor: Supervisor, name: str, patience_s: float = 75.0) -> bool:
    """End one component; return whether it ran."""
    deadline = time.monotonic() + patience_s
    ran = False
    while not (fact := supervisor.fact(name)).idle:
        ran = True
        if time.monotonic() > deadline:
            raise Failed(f"{name} did not end within {patience_s:.0f} s", f"see `payaidctl logs {name}`")
        # Asked again where it ended by itself just then, and the supervisor has started it anew.
        if fact.state != "STOPPING":
            supervisor.stop(name)
        time.sleep(EVERY_S)
    return ran


def _tail(component: Component) -> str:
    lines = last_lines(component.site.layout.log_of(component.name), 15)
    return "\n".join(lines) or "(its log is empty)"


def _see(component: Component) -> str:
    return f"see `payaidctl logs {component.name}`, mend the cause, and run `payaidctl up` again"
