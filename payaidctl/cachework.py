"""The cache seen from outside: hits by class from the service's own counters, and purging by notice."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from payaidctl import probes
from payaidctl.errors import OperatorError, UsageError
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.probes import NotNamed, _postgres
from payaidctl.target import Target

GOAL = 0.7
# A commit with a notice writes WAL, so the stamps of what is kept already are older than it.
NOTIFY = """
WITH tenants AS (
    SELECT id FROM "Tenant" WHERE cardinality(%(tenants)s::text[]) = 0 OR id = ANY (%(tenants)s::text[])
), tables AS (
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenantId'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
), sent AS MATERIALIZED (
    SELECT tenants.id, pg_notify('payaid_change', jsonb_build_object(
        'tenant', tenants.id, 'table', tables.relname, 'ids', NULL, 'facets', NULL)::text)
    FROM tenants, tables
)
SELECT count(DISTINCT id)::int AS tenants, count(*)::int AS notices FROM sent
"""


async def describe(target: Target, timeout_s: float) -> Report:
    """One finding a class of answers, one a Redis node."""
    watch = Stopwatch("cache show", str(target))
    return watch.report([*await _classes(target, timeout_s), *await _nodes(target, timeout_s)])


async def _classes(target: Target, timeout_s: float) -> list[Finding]:
    title = "How much does the cache answer?"
    try:
        counted = await probes.look("counters", target, timeout_s, {"family": "payaid_cache_requests"})
    except NotNamed as error:
        return [Finding("cache.hits", Status.SKIP, title, str(error))]
    except OperatorError as error:
        return [Finding("cache.hits", Status.INCONCLUSIVE, title, str(error), advice=error.advice)]
    return hits(counted["samples"])


def hits(samples: Sequence[Mapping[str, object]]) -> list[Finding]:
    """Counters by class and result as one finding a class. Pure."""
    by_class: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for sample in samples:
        by_class[str(sample["class"])][str(sample["result"])] += float(str(sample["value"]))
    found = []
    for name, results in sorted(by_class.items()):
        total = sum(results.values())
        hit = sum(count for result, count in results.items() if result.startswith(("hit", "stale")))
        share = hit / total if total else 0.0
        told = ", ".join(f"{count:,.0f} {result}" for result, count in sorted(results.items()))
        status = Status.PASS if share > GOAL else Status.WARN
        found.append(Finding(f"cache.{name}", status, f"Answers of class {name}", f"{share:.1%} hit: {told}", "> 70 %"))
    if not found:
        return [Finding("cache.hits", Status.SKIP, "Answers by class", "nothing was asked for yet")]
    return found


async def _nodes(target: Target, timeout_s: float) -> list[Finding]:
    title = "How full is the node?"
    try:
        facts = await probes.look("redis", target, timeout_s)
    except NotNamed as error:
        return [Finding("redis.nodes", Status.SKIP, title, str(error))]
    except OperatorError as error:
        return [Finding("redis.nodes", Status.INCONCLUSIVE, title, str(error), advice=error.advice)]
    return [_node(node, title) for node in facts["nodes"]]


def _node(node: Mapping[str, object], title: str) -> Finding:
    if "error" in node:
        return Finding(f"redis.{node['address']}", Status.FAIL, title, str(node["error"]), "answers")
    used = int(str(node["used_bytes"])) / 1024**2
    most = int(str(node["maxmemory_bytes"])) / 1024**2
    observed = f"{used:,.1f} of {most:,.0f} MiB, {node['evicted']} evicted, {node['role']}, {node['policy']}"
    return Finding(f"redis.{node['address']}", Status.PASS, title, observed)


async def outdate(target: Target, tenants: Sequence[str], timeout_s: float) -> Report:
    """Send the notices.

    Raises:
        UsageError: a tenant that is not there.
        Unreachable: the database does not answer.
    """
    watch = Stopwatch("cache purge", str(target))
    async with _postgres.connect(target.direct_url, timeout_s) as connection:
        row = await (await connection.execute(NOTIFY.encode(), {"tenants": list(tenants)})).fetchone()
    sent = row or {"tenants": 0, "notices": 0}
    if tenants and sent["tenants"] < len(set(tenants)):
        raise UsageError(
            f"only {sent['tenants']} of {len(set(tenants))} tenants are there", "name tenants by their ids"
        )
    observed = f"{sent['notices']:,} notices for {sent['tenants']:,} tenants"
    return watch.report([Finding("cache.purge", Status.PASS, "What is kept is unusable from now on", observed)])
