"""What the settings let others in by: default passwords, none at all, traffic in clear, a public bind. Names only."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from payaidctl.environment.names import DATABASE_URLS, REDIS_URLS, is_secret
from payaidctl.environment.urls import ENCRYPTED, LOCAL, unencoded
from payaidctl.target import Target, split_urls

NAMED_BY = ()
WRITES = ""
# What images, guides and installers set, and what people type in their place.
DEFAULTS = frozenset(
    {
        "admin", "administrator", "changeme", "default", "guest", "password", "passw0rd", "postgres", "postgresql",
        "redis", "root", "secret", "test", "123456", "12345678", "qwerty", "letmein", "supabase", "payaid",
    }
)  # fmt: skip
SHORTEST = 12


def _urls(target: Target, names: tuple[str, ...]) -> Iterator[tuple[str, SplitResult]]:
    for name in names:
        for url in split_urls(target.get(name) or ""):
            if "://" in url and not unencoded(url):
                yield name, urlsplit(url)


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """Settings with `default_secrets`, `short_passwords`, `no_password`, `in_clear`; and how the service is bound."""
    host = target.get("HOST") or "127.0.0.1"
    urls = [*_urls(target, DATABASE_URLS + REDIS_URLS + ("PGBOUNCER_ADMIN_URL",))]
    passwords = [(name, unquote(parts.password)) for name, parts in urls if parts.password]
    plain = [(name, target.env[name]) for name in target.env if is_secret(name) and "://" not in target.env[name]]
    return {
        "default_secrets": _names(
            [name for name, value in (*passwords, *plain) if value.lower() in DEFAULTS]
            + [name for name, parts in urls if parts.password and unquote(parts.password) == parts.username]
        ),
        "short_passwords": _names([name for name, value in passwords if len(value) < SHORTEST]),
        "no_password": _names([name for name, parts in urls if _remote(parts) and not parts.password] + _nodes(target)),
        "in_clear": _names(_in_clear(target)),
        "looked_at": len(urls) + len(plain),
        "host": host,
        "bound_publicly": host not in LOCAL,
        "proxies_named": bool(target.get("TRUSTED_PROXIES")),
        "exposed": host not in LOCAL and not target.get("TRUSTED_PROXIES"),
    }


def _in_clear(target: Target) -> Iterator[str]:
    """Settings by which we or the service would speak to another machine without TLS."""
    for name, parts in _urls(target, DATABASE_URLS):
        if _remote(parts) and dict(parse_qsl(parts.query)).get("sslmode") not in ENCRYPTED:
            yield name
    for name, parts in _urls(target, (*REDIS_URLS, "API_URL")):
        if _remote(parts) and parts.scheme in {"redis", "http"}:
            yield name
    tls = (target.get("REDIS_TLS") or "").lower() in {"1", "true", "yes", "on"}
    if not tls and any(host not in LOCAL for host in _hosts(target)):
        yield "REDIS_CLUSTER_NODES"


def _hosts(target: Target) -> list[str]:
    nodes = (target.get("REDIS_CLUSTER_NODES") or "").replace(",", " ").split()
    return [node.rpartition(":")[0].strip("[]") for node in nodes]


def _nodes(target: Target) -> list[str]:
    open_nodes = any(host not in LOCAL for host in _hosts(target)) and not target.get("REDIS_PASSWORD")
    return ["REDIS_CLUSTER_NODES"] if open_nodes else []


def _remote(parts: SplitResult) -> bool:
    return (parts.hostname or "") not in LOCAL


def _names(found: Any) -> list[str]:
    return sorted(set(found))
