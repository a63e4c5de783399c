"""What state every component is in: the supervisor's word, and the component's own answer."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from payaidctl.stack import cluster, selection
from payaidctl.stack.component import Component, ComponentState, Condition, NotReady
from payaidctl.stack.selection import ALL, CLUSTER
from payaidctl.stack.site import CACHE_NODES, Site
from payaidctl.stack.supervise import Fact
from payaidctl.stack.valkey import CacheNode

Ask = Callable[[], ComponentState]
STOPPED = Fact("STOPPED", None, "not started")


def survey(site: Site, facts: Mapping[str, Fact], wanted: Collection[str]) -> list[ComponentState]:
    """Ask everything that runs, side by side."""
    made = selection.components(site)
    questions: list[Ask] = []
    for name in ALL:
        if name in made:
            questions.append(_about(made[name], facts.get(name, STOPPED), wanted=name in wanted))
        else:
            questions.append(lambda name=name: _absent(site, name))  # type: ignore[misc]
    nodes = [one for one in made.values() if isinstance(one, CacheNode)]
    if any(name in facts and facts[name].running for name in CACHE_NODES):
        questions.append(lambda: _whole(site, nodes, wanted=set(CACHE_NODES) <= set(wanted)))
    with ThreadPoolExecutor(max_workers=len(questions)) as threads:
        return list(threads.map(lambda ask: ask(), questions))


def _about(component: Component, fact: Fact, *, wanted: bool) -> Ask:
    def ask() -> ComponentState:
        condition, detail = _judge(component, fact)
        log = component.site.layout.log_of(component.name)
        return ComponentState(component.name, condition, detail, log, fact.pid, component.port, wanted)

    return ask


def _judge(component: Component, fact: Fact) -> tuple[Condition, str]:
    # BACKOFF: it ended at once, and the supervisor is about to try again.
    if fact.given_up or fact.state == "BACKOFF":
        return Condition.FAILED, fact.said
    if fact.idle:
        return Condition.STOPPED, fact.said
    try:
        return Condition.READY, component.inspect()
    except NotReady as why:
        return Condition.STARTING if fact.state == "STARTING" else Condition.UNREADY, str(why)


def _absent(site: Site, name: str) -> ComponentState:
    detail = "PgBouncer is not installed"
    return ComponentState(name, Condition.ABSENT, detail, site.layout.log_of(name), wanted=False)


def _whole(site: Site, nodes: list[CacheNode], *, wanted: bool) -> ComponentState:
    try:
        condition, detail = Condition.READY, cluster.look(nodes)
    except NotReady as why:
        condition, detail = Condition.UNREADY, str(why)
    return ComponentState(CLUSTER, condition, detail, site.layout.log_of(nodes[0].name), wanted=wanted)
