"""Rules over several settings: what is missing, what is the same and must not be, what nothing reads."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations
from urllib.parse import urlsplit

from payaidctl.environment.names import SIGNS_OF_THEIRS, Mistake, is_secret, known, signing_secrets
from payaidctl.environment.urls import unencoded
from payaidctl.environment.values import FRESH
from payaidctl.target import split_urls


def judge(env: Mapping[str, str]) -> list[Mistake]:
    """Every mistake that takes more than one setting to see."""
    return [*_missing(env), *_shared(env), *_same_server(env)]


def unread(names: Mapping[str, str]) -> list[Mistake]:
    """Names that nothing reads; only for files, for an environment is full of other programs' names."""
    found = []
    for name in sorted(set(names) - known()):
        near = get_close_matches(name, known(), n=1, cutoff=0.8)
        fix = f"did you mean {near[0]}?" if near else "remove it, or keep it in mind: no code of payaid reads it"
        found.append(Mistake(name, "nothing reads it", fix, severe=False))
    return found


def _missing(env: Mapping[str, str]) -> Iterator[Mistake]:
    if not (env.get("DATABASE_URL") or env.get("DATABASE_URL_POOLER")):
        yield Mistake("DATABASE_URL", "not set", "set it to the primary, through the pooler")
    if not env.get("JWT_SECRET"):
        yield Mistake("JWT_SECRET", "not set", FRESH)
    if not (env.get("REDIS_URL") or env.get("REDIS_CLUSTER_NODES")):
        yield Mistake("REDIS_URL", "neither it nor REDIS_CLUSTER_NODES is set", "name the cache's Redis")
    if not env.get("QUEUE_REDIS_URL"):
        yield Mistake("QUEUE_REDIS_URL", "not set: no job would run", "give the queue a Redis of its own")
    if not env.get("DATABASE_READ_URL"):
        yield Mistake("DATABASE_READ_URL", "not set: every read goes to the primary", "name a replica", severe=False)
    if not env.get("DATABASE_DIRECT_URL"):
        what = "not set: migrations and indexes have no unpooled connection"
        yield Mistake("DATABASE_DIRECT_URL", what, "name the server itself, for its owner", severe=False)
    if any(env.get(sign) for sign in SIGNS_OF_THEIRS) and "CRON_SECRET" not in env:
        yield Mistake("CRON_SECRET", "not set: the cron routes accept `Bearer undefined`", FRESH)


def _shared(env: Mapping[str, str]) -> Iterator[Mistake]:
    """One secret in two roles: who learns one can forge the other."""
    secrets = sorted(name for name in env if env[name] and is_secret(name) and "://" not in env[name])
    for one, other in combinations(secrets, 2):
        if env[one] == env[other] and {one, other} & signing_secrets():
            yield Mistake(one, f"the same secret as {other}", FRESH)
            yield Mistake(other, f"the same secret as {one}", FRESH)


def _same_server(env: Mapping[str, str]) -> Iterator[Mistake]:
    places = {
        name: _places(env.get(name, "")) for name in ("DATABASE_URL", "DATABASE_URL_POOLER", "DATABASE_DIRECT_URL")
    }
    primary = set().union(*places.values())
    for name in ("DATABASE_READ_URL", "DATABASE_READ_DIRECT_URL"):
        if _places(env.get(name, "")) & primary:
            yield Mistake(name, "leads to the primary: nothing is taken off it", "name a standby")
    if "REDIS_URL" in env and "QUEUE_REDIS_URL" in env and _redis(env["REDIS_URL"]) == _redis(env["QUEUE_REDIS_URL"]):
        what = "the same server as REDIS_URL: the cache evicts, and eviction loses jobs"
        yield Mistake("QUEUE_REDIS_URL", what, "give the queue a Redis of its own (noeviction, AOF)")


def _places(urls: str) -> set[tuple[str | None, int, str]]:
    found = set()
    for url in split_urls(urls):
        if "://" in url and not unencoded(url):
            parts = urlsplit(url)
            found.add((parts.hostname, parts.port or 5432, parts.path))
    return found


def _redis(url: str) -> tuple[str | None, int] | None:
    if "://" not in url or unencoded(url):
        return None
    parts = urlsplit(url)
    return parts.hostname, parts.port or 6379
