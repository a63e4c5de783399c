"""What the settings do in effect: each question is answered by the servers themselves, not by the spelling."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from redis.exceptions import RedisError

from payaidctl import probes
from payaidctl.errors import OperatorError
from payaidctl.finding import Finding, Status
from payaidctl.probes import NotNamed, _postgres, _valkey
from payaidctl.target import Target

Ask = Callable[[Target, float], Awaitable[tuple[bool, str]]]


async def findings(target: Target, timeout_s: float) -> list[Finding]:
    """One finding a question, asked side by side."""
    return list(await asyncio.gather(*(_answer(question, target, timeout_s) for question in QUESTIONS)))


async def _read_is_standby(target: Target, timeout_s: float) -> tuple[bool, str]:
    facts = await probes.look("replicas", target, timeout_s)
    if facts["unreachable"]:
        raise OperatorError(f"no answer from {', '.join(facts['unreachable'])}")
    if facts["not_standby"]:
        return False, f"not in recovery: {', '.join(facts['not_standby'])}"
    if facts["other_cluster"]:
        return False, f"of another cluster: {', '.join(facts['other_cluster'])}"
    return True, f"{facts['count']} standby of the primary's cluster"


async def _direct_is_direct(target: Target, timeout_s: float) -> tuple[bool, str]:
    url = target.get("DATABASE_DIRECT_URL")
    if not url:
        raise NotNamed(f"DATABASE_DIRECT_URL is not set in {target.origin}")
    async with _postgres.connect(url, timeout_s) as connection:
        pooled = await _postgres.is_pooled(connection)
    return not pooled, "a pooler answers" if pooled else "the server itself answers"


async def _same_cluster(target: Target, timeout_s: float) -> tuple[bool, str]:
    urls = [url for name in ("DATABASE_URL", "DATABASE_DIRECT_URL") if (url := target.get(name))]
    if len(urls) < 2:
        raise NotNamed(f"DATABASE_URL and DATABASE_DIRECT_URL are not both set in {target.origin}")
    statement = "SELECT system_identifier::text AS id, current_database() AS name FROM pg_control_system()"
    answers = await asyncio.gather(*(_postgres.query(url, statement, timeout_s) for url in urls))
    same = answers[0] == answers[1]
    return same, "one database" if same else "two different databases"


async def _redis_as_named(target: Target, timeout_s: float) -> tuple[bool, str]:
    if target.get("REDIS_CLUSTER_NODES"):
        facts = await probes.look("redis", target, timeout_s)
        return facts["state"] == "ok", f"a cluster of {facts['masters']} masters, state {facts['state']}"
    if not (url := target.get("REDIS_URL")):
        raise NotNamed(f"REDIS_URL is not set in {target.origin}")
    client = _valkey.connect(url, timeout_s)
    try:
        info = await client.info("cluster")
    except (RedisError, OSError) as error:
        raise OperatorError(_valkey.reason(error)) from error
    finally:
        await _valkey.close([client])
    cluster = bool(info.get("cluster_enabled"))
    return not cluster, "a cluster, named as a single node" if cluster else "a single node"


async def _queue_keeps_jobs(target: Target, timeout_s: float) -> tuple[bool, str]:
    facts = await probes.look("queue", target, timeout_s)
    return facts["policy"] == "noeviction" and facts["aof"], f"{facts['policy']}, AOF {'on' if facts['aof'] else 'off'}"


async def _secret_is_the_apis(target: Target, timeout_s: float) -> tuple[bool, str]:
    facts = await probes.look("http", target, timeout_s, {"path": "/api/v1/auth/me", "authenticated": True})
    return facts["status"] == 200, f"a token that we signed is answered {facts['status']}"


Question = tuple[str, str, str, str, Ask]
QUESTIONS: Sequence[Question] = (
    (
        "DATABASE_READ_URL",
        "Does it lead to a standby of the primary's cluster?",
        "in recovery, same system identifier",
        "point DATABASE_READ_URL at a standby of this primary",
        _read_is_standby,
    ),
    (
        "DATABASE_DIRECT_URL",
        "Does it lead to the server itself?",
        "no pooler between",
        "name the server, not PgBouncer (Supabase: db.<ref>.supabase.co:5432)",
        _direct_is_direct,
    ),
    (
        "DATABASE_URL",
        "Is it the same database as DATABASE_DIRECT_URL?",
        "one system identifier, one database",
        "correct the one that is wrong: migrations would change another database",
        _same_cluster,
    ),
    (
        "REDIS",
        "Is the cache's Redis what the settings call it?",
        "a healthy cluster if REDIS_CLUSTER_NODES, one node if REDIS_URL",
        "name a cluster by REDIS_CLUSTER_NODES and a node by REDIS_URL; `payaidctl ping redis`",
        _redis_as_named,
    ),
    (
        "QUEUE_REDIS_URL",
        "Does the queue's Redis lose nothing?",
        "noeviction, AOF on",
        "set maxmemory-policy noeviction and appendonly yes on the queue's Redis",
        _queue_keeps_jobs,
    ),
    (
        "JWT_SECRET",
        "Does the API accept tokens signed with it?",
        "200",
        "the API runs with another JWT_SECRET, JWT_ISSUER or JWT_AUDIENCE (look for a newline): make them equal",
        _secret_is_the_apis,
    ),
)


async def _answer(question: Question, target: Target, timeout_s: float) -> Finding:
    name, title, expected, advice, ask = question
    identifier = f"effect.{name}"
    try:
        holds, observed = await ask(target, timeout_s)
    except NotNamed as error:
        return Finding(identifier, Status.SKIP, title, str(error), expected)
    except OperatorError as error:
        return Finding(identifier, Status.INCONCLUSIVE, title, str(error), expected, advice="`payaidctl ping`")
    return Finding(
        identifier, Status.PASS if holds else Status.FAIL, title, observed, expected, advice="" if holds else advice
    )
