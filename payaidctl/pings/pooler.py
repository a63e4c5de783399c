"""The pooler: transaction mode, nobody waiting long; or, without a console, whether one is there at all."""

from collections.abc import Iterator
from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.pings import verdict

LONG_WAIT_S = 1.0


def judge(facts: dict[str, Any]) -> list[Finding]:
    """Whether the application's URL is pooled, then what the console told."""
    return [*_pooled(facts), *(_console(facts) if facts["console"] else _no_console())]


def _pooled(facts: dict[str, Any]) -> Iterator[Finding]:
    if facts["pooled"] is None:
        return
    yield verdict(
        "pooler.pooled",
        facts["pooled"],
        "Does the application's database URL lead through a pooler?",
        f"{facts['host']}:{facts['port']} is " + ("a pooler" if facts["pooled"] else "the server itself"),
        "a pooler in transaction mode",
        advice="start PgBouncer (Debian: `apt-get install pgbouncer`) and point DATABASE_URL at it",
        otherwise=Status.WARN,
    )


def _console(facts: dict[str, Any]) -> Iterator[Finding]:
    yield verdict(
        "pooler.mode",
        facts["modes"] == ["transaction"],
        "Do clients share connections by transaction?",
        f"{', '.join(facts['modes'])}, {facts['version']}",
        "transaction",
        advice="set `pool_mode = transaction` in pgbouncer.ini (Supabase: port 6543) and reload",
    )
    yield verdict(
        "pooler.limits",
        facts["max_client_conn"] >= 10_000,
        "Can 10,000 clients connect?",
        f"max_client_conn {facts['max_client_conn']}, default_pool_size {facts['default_pool_size']}, "
        f"reserve_pool_size {facts['reserve_pool_size']}",
        "max_client_conn at least 10000",
        advice="set `max_client_conn = 10000` in pgbouncer.ini and restart it",
        otherwise=Status.WARN,
    )
    busy = "; ".join(f"{pool['name']}: {pool['active']} active on {pool['servers']}" for pool in facts["pools"])
    yield verdict(
        "pooler.waiting",
        facts["worst_wait_s"] < LONG_WAIT_S and not facts["paused"] and not facts["disabled"],
        "Does nobody wait long for a connection?",
        f"{facts['waiting']} waiting, longest {facts['worst_wait_s']:.3f} s; {busy or 'no pool in use'}",
        f"longest wait < {LONG_WAIT_S:g} s, no database paused or disabled",
        advice="raise default_pool_size, find the slow statements (`payaidctl inspect`), or RESUME the database",
    )


def _no_console() -> Iterator[Finding]:
    yield Finding(
        "pooler.console",
        Status.SKIP,
        "What do its pools look like?",
        "PGBOUNCER_ADMIN_URL is not set",
        advice="set PGBOUNCER_ADMIN_URL to see pools and waiting clients",
    )
