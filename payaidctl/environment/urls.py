"""Rules for URLs: passwords, the pooler's port and parameters, Supabase's user, REST URLs where Redis is due."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, parse_qsl, urlsplit

from payaidctl.environment.names import APPLICATION_URLS, DATABASE_URLS, REDIS_URLS, UNPOOLED_URLS, Mistake
from payaidctl.target import PRISMA_PARAMETERS, split_urls

ENCODE = "percent-encode the password: @ is %40, # is %23, / is %2F, ? is %3F, % is %25"
SUPABASE_POOLER = ".pooler.supabase.com"
TRANSACTION_PORT = 6543
SESSION_PORT = 5432
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})


def judge(env: Mapping[str, str]) -> list[Mistake]:
    """Every mistake in a database's, Redis' or API's URL."""
    found: list[Mistake] = []
    for name in DATABASE_URLS:
        for url in split_urls(env.get(name, "")):
            found += _database(name, url)
    for name in REDIS_URLS:
        if env.get(name):
            found += _redis(name, env[name])
    found += _nodes(env.get("REDIS_CLUSTER_NODES", ""))
    if (api := env.get("API_URL")) and not api.startswith(("http://", "https://")):
        found.append(Mistake("API_URL", "no http:// or https:// URL", "write https://api.example.in"))
    return found


def _database(name: str, url: str) -> Iterator[Mistake]:
    if not url.startswith(("postgres://", "postgresql://")):
        yield Mistake(name, "no postgresql:// URL", "write postgresql://user:password@host:port/database")
        return
    if problem := unencoded(url):
        yield Mistake(name, problem, ENCODE)
        return
    parts = urlsplit(url)
    if not parts.hostname:
        yield Mistake(name, "names no host", "write postgresql://user:password@host:port/database")
        return
    yield from _supabase(name, parts)
    parameters = dict(parse_qsl(parts.query))
    if theirs := sorted(PRISMA_PARAMETERS & parameters.keys()):
        what = f"has Prisma's own parameters: {', '.join(theirs)}"
        yield Mistake(name, what, "keep them for Prisma only; libpq refuses them", severe=False)
    if parts.hostname not in LOCAL and parameters.get("sslmode") not in ENCRYPTED:
        yield Mistake(name, "does not insist on TLS to a remote host", "add `?sslmode=require`", severe=False)


def unencoded(url: str) -> str:
    """Why the user and password of a URL cannot be told apart from the rest of it, or nothing."""
    rest = url.split("://", 1)[1]
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "cannot be read: a port that is no number, most likely an unencoded password"
    if parts.netloc.count("@") > 1 or ("@" not in parts.netloc and "@" in rest.split("?")[0].split("/", 1)[-1]):
        return "has a password with an unencoded @, # or /"
    if "@" in parts.fragment or ("#" in rest and "@" in rest.split("#", 1)[1]):
        return "has a password with an unencoded #"
    if re.search(r"%(?![0-9A-Fa-f]{2})", parts.netloc):
        return "has a % that starts no percent-encoding"
    return ""


def _supabase(name: str, parts: SplitResult) -> Iterator[Mistake]:
    host, port = parts.hostname or "", parts.port or SESSION_PORT
    pooler = host.endswith(SUPABASE_POOLER)
    if pooler and "." not in (parts.username or ""):
        yield Mistake(
            name,
            "has a user without the project's reference: the pooler answers `Tenant or user not found`",
            "write the user as postgres.<project-ref>",
        )
    if pooler and name in (*APPLICATION_URLS, "DATABASE_READ_URL") and port != TRANSACTION_PORT:
        yield Mistake(
            name,
            f"port {port}: the pooler's session mode, which ends in `max clients reached`",
            f"use port {TRANSACTION_PORT}, transaction mode",
        )
    if name in UNPOOLED_URLS and port == TRANSACTION_PORT:
        yield Mistake(
            name,
            f"port {port} is the transaction pooler: DDL, locks and LISTEN break through it",
            "name the server itself (Supabase: db.<ref>.supabase.co:5432)",
        )
    if name in APPLICATION_URLS and re.fullmatch(r"db\.[a-z0-9]+\.supabase\.co", host) and port == SESSION_PORT:
        yield Mistake(
            name,
            "is the direct connection: each instance takes server connections of its own",
            f"use the pooler, port {TRANSACTION_PORT}",
            severe=False,
        )


def _redis(name: str, url: str) -> Iterator[Mistake]:
    if url.startswith(("http://", "https://")):
        yield Mistake(name, "is a REST URL, which no Redis client speaks", "use the redis:// or rediss:// URL")
    elif not url.startswith(("redis://", "rediss://")):
        yield Mistake(name, "no redis:// or rediss:// URL", "write rediss://:password@host:port")
    elif problem := unencoded(url):
        yield Mistake(name, problem, ENCODE)
    elif url.startswith("redis://") and (urlsplit(url).hostname or "") not in LOCAL and urlsplit(url).password:
        yield Mistake(name, "sends its password in clear to a remote host", "use rediss://", severe=False)


def _nodes(nodes: str) -> Iterator[Mistake]:
    for node in nodes.replace(",", " ").split():
        if not re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}", node):
            yield Mistake("REDIS_CLUSTER_NODES", "has an entry that is not host:port", "write host:port,host:port")
            return
