"""Several files side by side: what one sets and another does not, and secrets that two environments share."""

from collections.abc import Mapping
from itertools import combinations

from payaidctl.environment.names import is_secret, signing_secrets
from payaidctl.environment.values import FRESH
from payaidctl.finding import Finding, Status

Files = Mapping[str, Mapping[str, str]]


def compare(files: Files) -> list[Finding]:
    """One finding for each name that any of the files sets."""
    names = sorted({name for env in files.values() for name in env})
    return [_compare(name, files) for name in names]


def _compare(name: str, files: Files) -> Finding:
    setters = [file for file, env in files.items() if env.get(name)]
    missing = [file for file in files if file not in setters]
    title = f"{name} across {len(files)} files"
    identifier = f"compare.{name}"
    shared = _sharing(name, files)
    if shared and (name in signing_secrets() or is_secret(name)):
        return _shared(identifier, name, title, shared)
    if setters and missing:
        observed = f"set in {', '.join(setters)}; not in {', '.join(missing)}"
        return Finding(identifier, Status.WARN, title, observed, "set in all or in none", advice="set it there too")
    return Finding(identifier, Status.PASS, title, "the same" if shared else "set in each, differs", "set in all")


def _shared(identifier: str, name: str, title: str, files: tuple[str, str]) -> Finding:
    where = f"{files[0]} and {files[1]}"
    if name in signing_secrets():
        observed, expected = f"the same secret in {where}", "a secret of its own in each"
        return Finding(identifier, Status.FAIL, title, observed, expected, advice=FRESH)
    observed, expected = f"the same server or password in {where}", "each environment's own"
    return Finding(identifier, Status.WARN, title, observed, expected, advice="are they meant to be one system?")


def _sharing(name: str, files: Files) -> tuple[str, str] | None:
    """Two files that give the name one value, if all do; for secrets, any two."""
    pairs = [pair for pair in combinations(files, 2) if _same(name, files[pair[0]], files[pair[1]])]
    every = len(files) * (len(files) - 1) // 2
    if is_secret(name):
        return pairs[0] if pairs else None
    return pairs[0] if len(pairs) == every else None


def _same(name: str, one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return bool(one.get(name)) and one.get(name) == other.get(name)
