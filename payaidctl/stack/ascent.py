"""The way up: supervisor, components, cluster, schema, each as early as what it needs allows."""

import asyncio
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from payaidctl.stack import bring, cluster
from payaidctl.stack.bring import Lift
from payaidctl.stack.component import Component
from payaidctl.stack.selection import CLUSTER, DATA, SCHEMA
from payaidctl.stack.site import CACHE_NODES
from payaidctl.stack.steps import Progress, Say, Step, Work, run
from payaidctl.stack.supervise import Supervisor
from payaidctl.stack.valkey import CacheNode

DAEMON = "supervisor"


@dataclass(slots=True)
class Ascent:
    """One `up`. Ctrl-C on the way ends what it has started, and no more."""

    supervisor: Supervisor
    components: Sequence[Component]
    changed: Collection[str]
    direct_url: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    woken: bool = False

    def run(self, progress: Progress) -> None:
        """Go up."""
        lift = Lift(self.supervisor, self.cancelled)
        try:
            run(self.steps(lift), progress, self.cancelled)
        except KeyboardInterrupt:
            if self.woken:
                self.supervisor.shutdown()
            else:
                for name in reversed(lift.started):
                    bring.down(self.supervisor, name)
            raise

    def steps(self, lift: Lift) -> list[Step]:
        """What is to be done, with what each needs."""
        steps = [Step(DAEMON, frozenset(), self._wake)]
        steps += [Step(one.name, one.needs | {DAEMON}, self._lift(lift, one)) for one in self.components]
        nodes = [one for one in self.components if isinstance(one, CacheNode)]
        if len(nodes) == len(CACHE_NODES):
            steps.append(Step(CLUSTER, frozenset(CACHE_NODES), lambda say: _form(nodes, say)))
        if any(one.group == "service" for one in self.components):
            steps.append(Step(SCHEMA, frozenset(DATA) | {DAEMON}, self._migrate))
        return steps

    def _wake(self, _: Say) -> str:
        self.woken = self.supervisor.ensure()
        return "started" if self.woken else "running"

    def _lift(self, lift: Lift, component: Component) -> Work:
        return lambda say: lift.up(component, say, restart=component.name in self.changed)

    def _migrate(self, say: Say) -> str:
        from payaidctl.schema import migrate

        applied = asyncio.run(migrate(self.direct_url, progress=say))
        return f"{len(applied)} migrations applied" if applied else "up to date"


def _form(nodes: Sequence[CacheNode], say: Say) -> str:
    return cluster.form(nodes, say)
