"""Which watches a target allows: what it names is watched, what it does not name is not missed."""

from urllib.parse import urlsplit

from payaidctl.load.watch import Watch
from payaidctl.load.watch.pooler import Pooler
from payaidctl.load.watch.postgres import Lag, Postgres
from payaidctl.load.watch.processes import Processes, port_of
from payaidctl.load.watch.prometheus import Prometheus
from payaidctl.load.watch.redis import Cache
from payaidctl.target import Target


def watches(target: Target, url: str) -> list[Watch]:
    """The service, every database server, the pooler, Redis, and processes on this machine."""
    chosen: list[Watch] = [Prometheus(url, target.get("METRICS_TOKEN") or "")]
    primary = target.get("DATABASE_DIRECT_URL", "DATABASE_URL")
    # The owner may read every server's statistics; the service's own role sees only its own statements.
    replicas = [_as_owner(replica, primary) for replica in target.replica_urls]
    if primary:
        chosen.append(Postgres("primary", primary))
        chosen += [Postgres(f"replica{number}", replica) for number, replica in enumerate(replicas, start=1)]
        if replicas:
            chosen.append(Lag(primary, replicas))
    if console := target.get("PGBOUNCER_ADMIN_URL"):
        chosen.append(Pooler(console))
    nodes, single = target.get("REDIS_CLUSTER_NODES") or "", target.get("REDIS_URL") or ""
    if nodes or single:
        tls = (target.get("REDIS_TLS") or "").lower() in {"1", "true", "yes"}
        chosen.append(Cache(nodes=nodes, url=single, password=target.get("REDIS_PASSWORD"), tls=tls))
    chosen.append(Processes(_ports(target, url, primary, replicas)))
    return chosen


def _as_owner(replica: str, primary: str | None) -> str:
    """The replica's address with the owner's name: a standby has the primary's roles, passwords and all."""
    if not primary:
        return replica
    theirs, ours = urlsplit(replica), urlsplit(primary)
    if not ours.username or (theirs.query and theirs.query != ours.query):
        return replica
    place = f"{theirs.hostname}:{theirs.port}" if theirs.port else f"{theirs.hostname}"
    login = ours.netloc.rpartition("@")[0]
    return theirs._replace(netloc=f"{login}@{place}").geturl()


def _ports(target: Target, url: str, primary: str | None, replicas: list[str]) -> dict[str, list[int]]:
    nodes = [f"redis://{node}" for node in (target.get("REDIS_CLUSTER_NODES") or "").replace(",", " ").split()]
    found = {
        "api": [port_of(url, 80)],
        "primary": [port_of(primary, 5432)],
        "replicas": [port_of(replica, 5432) for replica in replicas],
        "pooler": [port_of(target.get("PGBOUNCER_ADMIN_URL"), 6432)],
        "redis": [port_of(node, 6379) for node in nodes or [target.get("REDIS_URL") or ""]],
        "queue": [port_of(target.get("QUEUE_REDIS_URL"), 6379)],
    }
    return {group: [port for port in ports if port] for group, ports in found.items()}
