"""The embedded stack as others see it: up, down, single components, and what state they are in."""

import contextlib
import fcntl
import os
import signal
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from payaidctl.errors import Failed, UsageError
from payaidctl.stack import bring, choices, ports, record, render, selection, survey
from payaidctl.stack.account import Account
from payaidctl.stack.ascent import Ascent
from payaidctl.stack.choices import Choices
from payaidctl.stack.component import Component, ComponentState
from payaidctl.stack.layout import Layout
from payaidctl.stack.pooler import Pooler
from payaidctl.stack.processes import end_leftovers
from payaidctl.stack.selection import DATA, SERVICE
from payaidctl.stack.site import CACHE_NODES, DATABASE, PORTS, Site
from payaidctl.stack.steps import Progress, Say, Silent, Step, run
from payaidctl.stack.supervise import Supervisor
from payaidctl.stack.valkey import CacheNode
from payaidctl.target import STACK_ENV

LOCK_PATIENCE_S = 180.0


class Stack:
    """The stack of one state folder. Nothing is written, asked or started before a method is called."""

    def __init__(self, layout: Layout, account: Account) -> None:
        self.layout = layout
        self.account = account

    @classmethod
    def at(cls, state: Path) -> "Stack":
        """The stack whose records are in this folder (`payaidctl.target.state_dir()`)."""
        account = Account.for_databases()
        return cls(Layout.at(state, account), account)

    # -- what there is ----------------------------------------------------------------------------------------
    @property
    def exists(self) -> bool:
        """Whether a stack was ever started here."""
        return (self.layout.state / "ports.json").is_file()

    @cached_property
    def site(self) -> Site:
        """Ports, secrets and programs: read, or chosen now."""
        return Site.prepare(self.layout, self.account, self.choices)

    @property
    def choices(self) -> Choices:
        """What the last `up` was asked for."""
        return Choices.read(self._choices_record)

    @property
    def _choices_record(self) -> Path:
        return self.layout.state / "stack.json"

    @property
    def supervisor(self) -> Supervisor:
        """The daemon."""
        return Supervisor(self.site)

    def env(self, database: str = DATABASE) -> dict[str, str]:
        """The settings under which others reach this stack, for one of its databases."""
        return record.settings(self.site, database)

    def components(self) -> list[ComponentState]:
        """Every component as it is now, asked side by side; the cluster as a whole among them."""
        self._require()
        return survey.survey(self.site, self.supervisor.facts(), self.choices.wanted)

    def logs(self, names: Collection[str]) -> dict[str, Path]:
        """Where these components log."""
        self._require()
        chosen = selection.select(names)
        return {name: self.layout.log_of(name) for name in selection.ALL if name in chosen}

    def _require(self) -> None:
        if not self.exists:
            raise UsageError(f"no embedded stack was started in {self.layout.state}", "run `payaidctl up`")
        self._require_ours()

    def _require_ours(self) -> None:
        credentials = self.layout.state / "credentials.json"
        if credentials.exists() and not os.access(credentials, os.R_OK):
            raise UsageError(
                f"the stack in {self.layout.state} belongs to {credentials.owner()}",
                "run this as that user, or have a stack of your own: PAYAID_STATE=FOLDER",
            )

    # -- up ---------------------------------------------------------------------------------------------------
    def up(
        self,
        progress: Progress | None = None,
        groups: Collection[str] = ("all",),
        *,
        without: Collection[str] = (),
        settings: Mapping[str, str] | None = None,
        durable: bool | None = None,
    ) -> None:
        """Start what does not run of these components, and return when each does its work.

        The schema is brought up to date before the API and the worker start. What runs already is left alone unless
        its configuration changed. `settings` of the service, and whether PostgreSQL is durable, are kept until
        they are given anew.

        Raises:
            Failed: a component did not come up; its log's last lines are in the message. The others stay.
            UsageError: a program is missing, or a name is unknown.
        """
        chosen = selection.select(groups) - selection.select(without)
        self._require_ours()
        with self._alone():
            kept = self.choices
            own = kept.settings if settings is None else choices.checked(settings)
            lasting = kept.durable if durable is None else durable
            self._choose(Choices(tuple(sorted(chosen)), own, lasting))
            self._ascend(chosen, progress or Silent())

    def start(self, names: Collection[str], progress: Progress | None = None) -> None:
        """Start these components too; else as `up`."""
        self._require()
        chosen = selection.select(names)
        with self._alone():
            self._choose(replace(self.choices, wanted=tuple(sorted(chosen.union(self.choices.wanted)))))
            self._ascend(chosen, progress or Silent())

    def _choose(self, chosen: Choices) -> None:
        self.layout.create()
        chosen.write(self._choices_record)
        self.__dict__.pop("site", None)  # made from the choices before these

    def _ascend(self, chosen: frozenset[str], progress: Progress) -> None:
        self.site.binaries.require()
        self.site = replace(self.site, binaries=self.site.binaries.reachable(self.account, self.layout.home))
        made = selection.components(self.site)
        changed = {name for name, component in made.items() if component.configure()}
        render.write(self.layout.state / STACK_ENV, record.text(self.env()), mode=0o600)
        self.supervisor.configure({name: component.program() for name, component in made.items()})
        wanted = [component for name, component in made.items() if name in chosen]
        Ascent(self.supervisor, wanted, changed, self.env()["DATABASE_DIRECT_URL"]).run(progress)

    # -- down -------------------------------------------------------------------------------------------------
    def down(self, progress: Progress | None = None) -> None:
        """Stop everything, the supervisor too; data stays."""
        self._require()
        with self._alone():
            if self.supervisor.answers():
                facts = self.supervisor.facts()
                # A pooler that was installed since is not known to this supervisor; one that went since ends with it.
                made = selection.components(self.site).items()
                running = [one for name, one in made if name in facts and not facts[name].idle]
                self._descend(running, progress or Silent())
                self.supervisor.shutdown()
            end_leftovers(self.layout.home, selection.ALL)

    def stop(self, names: Collection[str], progress: Progress | None = None) -> None:
        """Stop these components; the others, and the supervisor, go on."""
        self._require()
        chosen = selection.select(names)
        with self._alone():
            known = self.supervisor.facts()
            made = selection.components(self.site).items()
            self._descend([one for name, one in made if name in chosen and name in known], progress or Silent())

    def _descend(self, components: Collection[Component], progress: Progress) -> None:
        supervisor = self.supervisor

        def step(component: Component) -> Step:
            def work(_: Say) -> str:
                return "stopped" if bring.down(supervisor, component.name) else "was not running"

            # Who uses it goes first; the replica before the primary, which would wait for it to catch up.
            users = SERVICE if component.name in DATA else ()
            before = {*users, *(("replica", "pooler") if component.name == "primary" else ())}
            return Step(component.name, frozenset(before), work)

        run([step(component) for component in components], progress, threading.Event())

    def destroy(self, progress: Progress | None = None) -> None:
        """Stop everything and remove its data, ports and secrets. Evidence and runs stay."""
        if self.exists:
            self.down(progress)
        self.layout.remove()
        self.__dict__.pop("site", None)
        self.layout = Layout.at(self.layout.state, self.account)

    # -- faults and repairs -----------------------------------------------------------------------------------
    def kill(self, name: str, number: int = signal.SIGKILL, *, whole: bool = False) -> None:
        """Send a signal to a component's process, or to all that it consists of; what ends is started again."""
        self._require()
        self.supervisor.signal(name, number, whole=whole)

    def serve_databases(self, names: Collection[str]) -> None:
        """Have the pooler serve these databases beside `payaid`; without a pooler there is nothing to do."""
        if self.site.pooled:
            Pooler(self.site, "pooler").serve(names)

    def change_ports(self) -> list[str]:
        """Choose other ports for the components whose kept port another program has; return their names."""
        self._require()
        with self._alone():
            facts = self.supervisor.facts()
            if not facts:
                end_leftovers(self.layout.home, selection.ALL)
            idle = {name for name in PORTS if name not in facts or facts[name].idle}
            return self._change(idle - {"supervisor"} if facts else idle)

    def _change(self, idle: set[str]) -> list[str]:
        site = self.site
        taken = [name for name in sorted(idle) if ports.taken(site.ports[name], clustered=name in CACHE_NODES)]
        if taken:
            ports.change(self.layout.state / "ports.json", taken, CACHE_NODES)
            self.__dict__.pop("site", None)
        if set(taken) & set(CACHE_NODES):
            # Nodes know each other by port; it is a cache, so they start from nothing.
            for component in selection.components(self.site).values():
                if isinstance(component, CacheNode):
                    bring.down(self.supervisor, component.name)
                    component.forget()
        return taken

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One command at a time changes a stack; a second one waits."""
        self.layout.state.mkdir(parents=True, exist_ok=True)
        with (self.layout.state / "stack.lock").open("w") as lock:
            deadline = time.monotonic() + LOCK_PATIENCE_S
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Failed("another payaidctl is at work on this stack", "wait for it, or end it") from None
                time.sleep(0.1)
            yield
