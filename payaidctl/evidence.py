"""Evidence: every run leaves a file, bound to the commit, the configuration and the system that it looked at.

Readiness reads the newest that is fresh enough and was taken on the same system: a verdict about another database
is no verdict about this one.
"""

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from payaidctl.errors import UsageError
from payaidctl.finding import Report
from payaidctl.target import Target, libpq, mask, state_dir
from payaidctl.tell.json import as_dict, plain

FORMAT = 1
REQUIRED = ("format", "command", "verdict", "takenAt", "system", "findings", "facts")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One run on file. `system` is the database cluster's identifier, or a digest of the addresses without one.

    `imported` is the system that it was taken on, where a person let it count for another.
    """

    command: str
    verdict: str
    taken_at: datetime
    system: str
    commit: str
    configuration: str
    findings: list[dict[str, Any]]
    facts: dict[str, Any]
    path: Path
    imported: str = ""

    def age(self, now: datetime | None = None) -> timedelta:
        """How long ago it was taken."""
        return (now or datetime.now(UTC)) - self.taken_at


def folder() -> Path:
    """Where evidence lies."""
    return state_dir() / "evidence"


def record(report: Report, target: Target) -> Path:
    """Write the run down and return the file. Its name sorts by time."""
    taken_at = datetime.now(UTC)
    document = as_dict(report) | {
        "format": FORMAT,
        "takenAt": taken_at.isoformat(),
        "system": system_of(target),
        "commit": commit(),
        "configuration": configuration(target.env),
        "facts": report.facts,
    }
    slug = re.sub(r"[^a-z0-9]+", "-", report.command.lower()).strip("-")
    path = folder() / f"{taken_at:%Y%m%dT%H%M%S.%fZ}-{slug}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(document, indent=1, ensure_ascii=False, default=plain), encoding="utf-8")
    unfinished.replace(path)
    return path


def newest(
    command: str,
    target: Target,
    max_age: timedelta,
    where: Callable[[Evidence], bool] = lambda _: True,
) -> Evidence | None:
    """The newest run of `command` on this target that is at most `max_age` old and that `where` accepts."""
    system = system_of(target)
    for path in sorted(folder().glob("*.json"), reverse=True):
        found = load(path)
        if found.command == command and found.system == system and found.age() <= max_age and where(found):
            return found
    return None


def load(path: Path) -> Evidence:
    """Read one file of evidence.

    Raises:
        UsageError: it is not one.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} is no evidence: {error}", "delete it, or import a file that this tool wrote"
        ) from error
    missing = [name for name in REQUIRED if not isinstance(document, dict) or name not in document]
    if missing:
        raise UsageError(f"{path} is no evidence: it lacks {', '.join(missing)}", "import a file that this tool wrote")
    return Evidence(
        command=document["command"],
        verdict=document["verdict"],
        taken_at=datetime.fromisoformat(document["takenAt"]),
        system=document["system"],
        commit=document.get("commit", ""),
        configuration=document.get("configuration", ""),
        findings=document["findings"],
        facts=document["facts"],
        path=path,
        imported=document.get("imported", ""),
    )


def system_of(target: Target) -> str:
    """What the target *is*: the primary's system identifier, else a digest of the addresses it names."""
    url = target.get("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_URL_POOLER", "DATABASE_URL")
    if url and (identifier := _system_identifier(url)):
        return f"postgresql:{identifier}"
    addresses = [mask(target.env[name]) for name in ("API_URL", "DATABASE_URL", "REDIS_URL") if target.get(name)]
    return "addresses:" + hashlib.sha256("\n".join(addresses).encode()).hexdigest()[:16]


_identifiers: dict[str, str] = {}


def _system_identifier(url: str) -> str | None:
    """Asked once a run and URL; a failure is not remembered, for the gate starts its system half-way."""
    import psycopg

    if known := _identifiers.get(url):
        return known
    try:
        with psycopg.connect(libpq(url), connect_timeout=3, autocommit=True, prepare_threshold=None) as connection:
            row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    except psycopg.Error:
        return None  # not reachable, or not allowed to ask: the addresses stand in for it
    if row is None:
        return None
    return _identifiers.setdefault(url, str(row[0]))


@cache
def commit() -> str:
    """The checkout's commit, with `-dirty` where files differ; empty outside a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    here = Path(__file__).parent
    try:
        answer = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def configuration(env: Mapping[str, str]) -> str:
    """A digest of the declared settings: secrets count as set or unset, URLs without their passwords."""
    from payaid.settings import declared

    lines = []
    for name, field in sorted(declared().items()):
        extra = field.json_schema_extra
        secret = isinstance(extra, dict) and bool(extra.get("secret"))
        value = env.get(name, "")
        if secret and "://" not in value:
            value = "set" if value else "unset"
        lines.append(f"{name}={mask(value)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
