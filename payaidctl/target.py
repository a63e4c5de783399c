"""Which system we talk to: flags > --env-file > environment > the running local stack.

A target is a mapping of settings under the names that production uses, and where they came from. The sources are
not mixed: a staging database with the local stack's Redis would be a verdict about no system at all.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from payaidctl.env_file import read_env_file
from payaidctl.errors import UsageError

STACK_ENV = "stack.env"
# Any one of these in the environment means that the caller names a system there.
NAMING = (
    "DATABASE_URL",
    "DATABASE_URL_POOLER",
    "DATABASE_DIRECT_URL",
    "REDIS_URL",
    "REDIS_CLUSTER_NODES",
    "API_URL",
)

# What Prisma reads from a database URL, and libpq refuses.
PRISMA_PARAMETERS = frozenset(
    {
        "connection_limit",
        "pgbouncer",
        "pool_timeout",
        "schema",
        "socket_timeout",
        "sslaccept",
        "statement_cache_size",
    }
)


def state_dir() -> Path:
    """Where this checkout keeps its stack, evidence and runs: PAYAID_STATE, or `.payaid` here."""
    return Path(os.environ.get("PAYAID_STATE", ".payaid")).resolve()


@dataclass(frozen=True, slots=True)
class Target:
    """A system's settings, by production's names, and where they came from."""

    env: Mapping[str, str]
    origin: str
    embedded: bool = False

    def get(self, *names: str) -> str | None:
        """The first of these settings that is set."""
        return next((self.env[name] for name in names if self.env.get(name)), None)

    def need(self, *names: str) -> str:
        """The first of these settings that is set, or a usage error that names them."""
        if value := self.get(*names):
            return value
        raise UsageError(
            f"{' or '.join(names)} is not set in {self.origin}",
            "start the embedded stack with `payaidctl up`, or name a system with --env-file FILE",
        )

    @property
    def direct_url(self) -> str:
        """The database by a direct connection: what indexes, migrations and locks need."""
        return libpq(self.need("DATABASE_DIRECT_URL", "DATABASE_URL"))

    @property
    def replica_urls(self) -> list[str]:
        """The replicas, by direct connections where the target names those; empty when it has none."""
        urls = split_urls(self.get("DATABASE_READ_DIRECT_URL", "DATABASE_READ_URL") or "")
        return [libpq(url) for url in urls]

    def __str__(self) -> str:
        named = self.get("DATABASE_DIRECT_URL", "DATABASE_URL", "API_URL", "REDIS_URL") or "nothing"
        return f"{mask(named)} ({self.origin})"


def resolve(
    *,
    env_file: Path | None = None,
    target: str | None = None,
    database_url: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Target:
    """Find the system that is meant.

    Raises:
        UsageError: nothing names a system, or the named file is missing or malformed.
    """
    environ = os.environ if environ is None else environ
    if database_url:
        return Target({"DATABASE_DIRECT_URL": database_url}, "--database-url")
    if env_file:
        return Target(read_env_file(env_file), str(env_file))
    if target and target != "stack":
        from payaidctl.named import named_settings

        return Target(named_settings(target, environ), f"target {target}")
    if target is None and any(environ.get(name) for name in NAMING):
        return Target(dict(environ), "the environment")
    return local_stack()


def local_stack() -> Target:
    """The embedded stack of this checkout, as `payaidctl up` recorded it."""
    record = state_dir() / STACK_ENV
    if not record.is_file():
        raise UsageError(
            "no system is named, and no embedded stack was started here",
            "run `payaidctl up`, or name a system with --env-file FILE or DATABASE_URL",
        )
    return Target(read_env_file(record), "the embedded stack", embedded=True)


def split_urls(urls: str) -> list[str]:
    """One URL a replica, separated by commas or white space (a comma inside a URL is percent-encoded)."""
    return [url for url in re.split(r"[,\s]+", urls) if url]


def libpq(url: str) -> str:
    """A database URL without Prisma's own parameters: libpq refuses a URL with one that it does not know."""
    head, mark, query = url.partition("?")
    if not mark:
        return url
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in PRISMA_PARAMETERS]
    return f"{head}?{urlencode(kept)}" if kept else head


def mask(url: str) -> str:
    """The URL with its password hidden, for people to read; a badly encoded password is hidden up to the last @."""
    hidden = re.sub(r"(://[^:/@\s]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"(?i)([?&]password=)[^&]*", r"\1***", hidden)
