"""The queue: a Redis that loses nothing, workers, and nothing waiting for ever."""

from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.pings import verdict

OLD_S = 300.0


def judge(facts: dict[str, Any]) -> list[Finding]:
    """Its Redis, its workers, its backlog."""
    return [_server(facts), _policy(facts), _workers(facts), _backlog(facts)]


def _server(facts: dict[str, Any]) -> Finding:
    return verdict(
        "queue.redis",
        not facts["shared_with_cache"],
        "Does the queue have a Redis of its own?",
        f"{facts['address']}, {facts['server']} {facts['version']}, p50 {facts['p50_ms']} ms, "
        f"p99 {facts['p99_ms']} ms" + (", shared with the cache" if facts["shared_with_cache"] else ""),
        "its own: the cache evicts, and eviction loses jobs",
        advice="give QUEUE_REDIS_URL a Redis of its own",
    )


def _policy(facts: dict[str, Any]) -> Finding:
    return verdict(
        "queue.durable",
        facts["policy"] == "noeviction" and facts["aof"],
        "Does its Redis keep every job?",
        f"{facts['policy']}, AOF {'on' if facts['aof'] else 'off'}",
        "noeviction, AOF on",
        advice="`valkey-cli CONFIG SET maxmemory-policy noeviction`, `CONFIG SET appendonly yes`; and in its file",
    )


def _workers(facts: dict[str, Any]) -> Finding:
    number = facts["workers"]
    return verdict(
        "queue.workers",
        None if number is None else number > 0,
        "Does a worker take jobs?",
        "the server does not list clients" if number is None else f"{number} connected",
        "at least 1",
        advice="start one: `payaid work` (embedded stack: `payaidctl up`)",
    )


def _backlog(facts: dict[str, Any]) -> Finding:
    oldest = facts["oldest_waiting_s"]
    counts = ", ".join(f"{number} {state}" for state, number in facts["counts"].items() if number)
    return verdict(
        "queue.backlog",
        (oldest or 0) < OLD_S and not facts["failed"],
        "Does nothing wait for ever, and nothing lie failed?",
        (counts or "empty") + (f"; oldest waits {oldest:g} s" if oldest is not None else ""),
        f"oldest < {OLD_S:g} s, none failed",
        advice="`payaidctl jobs dead` and `payaidctl jobs retry ID`; start more workers",
        otherwise=Status.WARN,
    )
