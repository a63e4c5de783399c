"""What the person chose at the last `up`: which components, which settings beyond the stack's own."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from payaid.settings import declared
from payaidctl.errors import UsageError
from payaidctl.stack import render

# These say where the stack is; another value would lead the service to another system.
FIXED = ("DATABASE_", "REDIS_", "QUEUE_REDIS_URL", "HOST", "PORT", "RUN_DIR", "FILES_DIR")


@dataclass(frozen=True, slots=True)
class Choices:
    """`wanted` is empty until something was started. `durable` false turns fsync off: for tests alone."""

    wanted: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    durable: bool = True

    @classmethod
    def read(cls, record: Path) -> Self:
        """As recorded, or the defaults."""
        if not record.is_file():
            return cls()
        kept = json.loads(record.read_text(encoding="utf-8"))
        return cls(tuple(kept["wanted"]), kept["settings"], kept["durable"])

    def write(self, record: Path) -> None:
        """Keep them; a setting may be a secret."""
        render.write(record, json.dumps(asdict(self), indent=1) + "\n", mode=0o600)


def checked(settings: Mapping[str, str]) -> Mapping[str, str]:
    """These settings, if the service knows each and the stack does not decide it.

    Raises:
        UsageError: naming the first that cannot be set.
    """
    for name in settings:
        if name not in declared():
            raise UsageError(f"the service has no setting {name}", "see docs/settings.md for those it has")
        if name.startswith(FIXED) and not name.startswith("DATABASE_POOL_"):
            raise UsageError(f"{name} is the stack's own to decide", "leave it out")
    return settings
