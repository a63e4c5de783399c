"""What the generator's processes are told, and where a run leaves what it found."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from payaidctl.errors import UsageError
from payaidctl.target import state_dir


@dataclass(frozen=True, slots=True)
class Actor:
    """Who one virtual user is. `tenant` indexes the run's tenants; `secret` is a token, or a password at logins."""

    tenant: int
    tenant_id: str
    user_id: str
    email: str
    secret: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A run as its generator sees it: plain data, so that it can cross to another process or machine as JSON."""

    run: str
    url: str
    scenarios: list[str]
    counts: Mapping[str, int]
    ramp: float
    think: tuple[float, float]
    timeout: float
    logins: float
    paths: list[str]
    cast: Mapping[str, list[Actor]] = field(default_factory=dict)

    @property
    def users(self) -> int:
        """Virtual users in all, the noisy tenant's and the one who logs in included."""
        return sum(self.counts.values())

    def dump(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, document: dict[str, Any]) -> "Plan":
        """From JSON's values."""
        cast = {name: [Actor(**actor) for actor in actors] for name, actors in document["cast"].items()}
        low, high = document["think"]
        return cls(**{**document, "cast": cast, "think": (low, high)})


NAME = r"[A-Za-z0-9_.-]+-\d{8}T\d{6}Z-[0-9a-f]{4}"


def new_run(profile: str) -> str:
    """A run's name: sorts by time within a profile, and is safe in a header, a path and a column."""
    return f"{profile}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def runs_dir() -> Path:
    """Where runs lie."""
    return state_dir() / "runs"


def find_run(name: str) -> Path:
    """The folder of a run: its name, the beginning of it, a path, or `latest`.

    Raises:
        UsageError: no run, or several, are called so.
    """
    if Path(name).is_dir() and (Path(name) / "result.json").is_file():
        return Path(name)
    finished = sorted(
        (path.parent for path in runs_dir().glob("*/result.json")),
        key=lambda path: (path / "result.json").stat().st_mtime,
    )
    if name == "latest" and finished:
        return finished[-1]
    if (runs_dir() / name / "result.json").is_file():
        return runs_dir() / name
    found = [path for path in finished if path.name.startswith(name)] if name else []
    if len(found) == 1:
        return found[0]
    known = ", ".join(path.name for path in finished[-5:]) or "none yet"
    raise UsageError(f"{len(found)} runs are called `{name}`", f"the newest runs: {known}")
