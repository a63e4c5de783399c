"""The stack's components by name, and the names that stand for several."""

from collections.abc import Collection, Mapping

from payaidctl.errors import UsageError
from payaidctl.stack.component import Component
from payaidctl.stack.pooler import Pooler
from payaidctl.stack.postgres import Primary
from payaidctl.stack.replica import Replica
from payaidctl.stack.service import Api, Worker
from payaidctl.stack.site import CACHE_NODES, Site
from payaidctl.stack.valkey import CacheNode, Queue

CLUSTER = "cluster"
SCHEMA = "schema"
DATABASES = ("primary", "replica", "pooler")
DATA = (*DATABASES, *CACHE_NODES, "queue")
SERVICE = ("api", "worker")
ALL = (*DATA, *SERVICE)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "all": ALL,
    "data": DATA,
    "database": DATABASES,
    "cache": CACHE_NODES,
    "service": SERVICE,
}


def select(names: Collection[str]) -> frozenset[str]:
    """Components, by their names or their groups' names.

    Raises:
        UsageError: there is no such component or group.
    """
    chosen: set[str] = set()
    for name in names:
        if name not in ALL and name not in GROUPS:
            raise UsageError(f"the stack has no component `{name}`", f"choose from: {', '.join((*GROUPS, *ALL))}")
        chosen.update(GROUPS.get(name, (name,)))
    return frozenset(chosen)


def components(site: Site) -> dict[str, Component]:
    """Every component that this site can have, in the order in which people are told of them."""
    service_needs = frozenset({*DATA, CLUSTER, SCHEMA})
    made: list[Component] = [
        Primary(site, "primary"),
        Replica(site, "replica", frozenset({"primary"})),
        *([Pooler(site, "pooler", frozenset({"primary"}))] if site.pooled else []),
        *(CacheNode(site, name) for name in CACHE_NODES),
        Queue(site, "queue"),
        Api(site, "api", service_needs),
        Worker(site, "worker", service_needs),
    ]
    return {component.name: component for component in made}
