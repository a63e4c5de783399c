"""What is broken, and how it is mended. Each fault is one pair: break it now; mend it, and return when it is whole."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from payaidctl.errors import Failed
from payaidctl.stack import Condition, Stack, processes
from payaidctl.stack.component import ComponentState
from tests.eventually import eventually
from tests.fixtures.api import Api
from tests.fixtures.database import Database
from tests.fixtures.relay import Relay

HEALED_S = 40.0


@dataclass(frozen=True)
class Place:
    """Where faults happen: a stack, and a service over one of its databases, whose ears and pollers pass a relay."""

    stack: Stack
    api: Api
    listening: Relay | None = None

    # -- databases --------------------------------------------------------------------------------------------
    def on(self, server: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run this as the superuser of the primary or the replica."""
        url = self.stack.site.postgres("postgres", server, "postgres")
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def checkpoint(self) -> None:
        """So that a server that is killed now need not replay all that the tests before have written."""
        for server in ("primary", "replica"):
            with contextlib.suppress(psycopg.Error):
                self.on(server, "CHECKPOINT")

    def cut(self, *names: str) -> int:
        """End every session on the primary whose application is called so."""
        return len(self.on("primary", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                      " WHERE application_name = ANY(%s)", list(names)))  # fmt: skip

    # -- processes --------------------------------------------------------------------------------------------
    def component(self, name: str) -> ComponentState:
        """Its state now."""
        return next(one for one in self.stack.components() if one.name == name)

    def whole(self, name: str) -> None:
        """Return when it does its work again."""
        self.stack.start([name])
        eventually(lambda: self.component(name).state is Condition.READY, f"{name} is whole again", HEALED_S)

    def all_of(self, name: str) -> list[psutil.Process]:
        """A component's processes; PostgreSQL's lead sessions of their own, and stand under its folder all the same."""
        return processes.ours(self.stack.layout.home, [name])

    def send(self, name: str, number: int) -> None:
        """Send this signal to every process of a component."""
        for process in self.all_of(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self, name: str) -> None:
        """Kill it with all that it consists of; its supervisor starts it again."""
        self.checkpoint()
        with contextlib.suppress(Failed):
            self.stack.kill(name, signal.SIGKILL)
        self.send(name, signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stopped in mid-air while the block runs: connections stay open, and nobody answers."""
        self.send(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(name, signal.SIGCONT)

    # -- the service ------------------------------------------------------------------------------------------
    def workers(self) -> list[int]:
        """The process ids of the API's workers, by their names in X-Instance."""
        found: set[int] = set()
        deadline = time.monotonic() + 10
        while len(found) < int(self.api.env["WORKERS"]):
            with contextlib.suppress(OSError, psycopg.Error):
                for path in (Path(self.api.env["RUN_DIR"]) / "metrics").glob("*.prom"):
                    pid = int(path.stem.rpartition("-")[2])
                    if psutil.pid_exists(pid):
                        found.add(pid)
            assert time.monotonic() < deadline, f"only the workers {found} are there"
            time.sleep(0.05)
        return sorted(found)


@dataclass(frozen=True)
class Fault:
    """Break, hold for so many seconds, mend. `restarts`: positions of before mean nothing afterwards."""

    name: str
    inject: Callable[[Place], None]
    heal: Callable[[Place], None]
    hold_s: float
    restarts: bool = False


def _nothing(_: Place) -> None:
    """It mends itself."""


def _signal_a_worker(place: Place, number: int) -> None:
    # The oldest, and not the lowest number, which begins anew: the server ends itself, for its supervisor to start it,
    # when a worker dies within 5.5 s of its own replacement.
    os.kill(min(place.workers(), key=lambda one: psutil.Process(one).create_time()), number)


def _two_workers_again(place: Place) -> None:
    eventually(lambda: len(place.workers()) == int(place.api.env["WORKERS"]), "the worker was started again", HEALED_S)
    place.api.await_ready()


def _a_master(place: Place) -> str:
    for one in place.stack.components():
        if one.name.startswith("cache-") and one.detail.startswith("master"):
            return one.name
    raise AssertionError("the cluster has no master")


def _freeze_a_master(place: Place) -> None:
    """Longer than the cluster's patience: a replica takes over, and clients that hold its address wait in vain."""
    place.send(_a_master(place), signal.SIGSTOP)


def _cluster_whole(place: Place) -> None:
    for number in range(1, 7):
        place.send(f"cache-{number}", signal.SIGCONT)
    eventually(lambda: place.component("cluster").state is Condition.READY, "the cluster is whole again", HEALED_S)


def _delay(place: Place, text: str) -> None:
    place.on("replica", f"ALTER SYSTEM SET recovery_min_apply_delay = '{text}'")
    place.on("replica", "SELECT pg_reload_conf()")


def _undelay(place: Place) -> None:
    place.on("replica", "ALTER SYSTEM RESET recovery_min_apply_delay")
    place.on("replica", "SELECT pg_reload_conf()")


FAULTS = {
    one.name: one
    for one in (
        Fault("ear cut", lambda place: _cut(place, "payaid ear"), _nothing, 0.5),
        Fault("pollers cut", lambda place: _cut(place, "payaid poller primary"), _nothing, 0.5),
        # Late, and yet not so late that anybody could notice: only tokens keep their promise here.
        Fault("ear late", lambda place: _relay(place).hold(), lambda place: _relay(place).release(), 0.7),
        Fault("ear held", lambda place: _relay(place).hold(), lambda place: _relay(place).release(), 2.5),
        Fault("ear away", lambda place: _relay(place).away(), lambda place: _relay(place).release(), 2.5),
        Fault("replay paused", lambda place: _sql(place, "replica", "SELECT pg_wal_replay_pause()"),
              lambda place: _sql(place, "replica", "SELECT pg_wal_replay_resume()"), 2.0),
        Fault("replica behind", lambda place: _delay(place, "700ms"), _undelay, 2.5),
        Fault("replica frozen", lambda place: place.send("replica", signal.SIGSTOP),
              lambda place: place.send("replica", signal.SIGCONT), 2.0),
        Fault("replica killed", lambda place: place.kill("replica"), lambda place: place.whole("replica"), 0.2),
        Fault("worker killed", lambda place: _signal_a_worker(place, signal.SIGKILL), _two_workers_again, 0.2),
        # As long as a machine that is short of processors, or is moved, stops one.
        Fault("worker stopped", lambda place: _signal_a_worker(place, signal.SIGSTOP),
              lambda place: _signal_a_worker(place, signal.SIGCONT), 2.5),
        Fault("redis failover", _freeze_a_master, _cluster_whole, 4.0),
        Fault("pooler killed", lambda place: place.kill("pooler"), lambda place: place.whole("pooler"), 0.2),
        Fault("primary killed", lambda place: place.kill("primary"), lambda place: place.whole("primary"), 0.2, True),
    )
}  # fmt: skip
# For a short run: the primary's restart alone takes as long as the others together.
SHORT = tuple(name for name, one in FAULTS.items() if not one.restarts)


def _sql(place: Place, server: str, statement: str) -> None:
    place.on(server, statement)


def _relay(place: Place) -> Relay:
    assert place.listening, "this service listens directly"
    return place.listening


def _cut(place: Place, name: str) -> None:
    assert place.cut(name), f"nobody is called {name}"


@contextlib.contextmanager
def at_its_place(stack: Stack, database: Database, folder: Path, **changed: str) -> Iterator[Place]:
    """A service to be tortured: without limits, which would count its clients' haste and not their answers."""
    listening = Relay(stack.site.ports["primary"]).start()
    settings = {"RATE_LIMITS": "false", "DATABASE_LISTEN_URL": listening.url(database.listen_url)} | changed
    try:
        with Api.serving(database, folder, **settings) as api:
            yield Place(stack, api, listening)
    finally:
        listening.stop()
