"""Where the stack lives: its records in the state folder, its data in a home that the databases' user can enter."""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from payaidctl.errors import UsageError
from payaidctl.stack.account import Account
from payaidctl.target import STACK_ENV

AWAY = Path("/var/tmp")  # noqa: S108 -- survives a reboot, unlike /tmp; the folder made in it is checked below
# Four programs read the path in their configurations, each with quoting of its own (supervisor has none for %).
PLAIN = re.compile(r"[\w./@:+,=~-]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """The stack's paths. `state` is the operator's (.payaid); `home` holds data, configurations and logs."""

    state: Path
    home: Path

    @classmethod
    def at(cls, state: Path, account: Account) -> "Layout":
        """The layout of this state folder: the recorded home, else the one that would be made."""
        state = state.resolve()
        record = state / "stack.home"
        if record.is_file():
            return cls(state, Path(record.read_text(encoding="utf-8").strip()))
        beside = state / "stack"
        fit = account.reaches(beside) and PLAIN.fullmatch(str(beside))
        return cls(state, beside if fit else AWAY / f"payaid-{_digest(state)}")

    def create(self) -> None:
        """Make the folders, and record where the home is."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.home.mkdir(mode=0o711, exist_ok=True)
        # A predictable name in a folder that all may write to: it must be ours, and no link.
        if self.home.is_symlink() or self.home.stat().st_uid != os.geteuid():
            raise UsageError(f"{self.home} belongs to someone else", "remove it, or set PAYAID_STATE elsewhere")
        self.home.chmod(0o711)
        for folder in (self.log, self.conf, self.run):
            folder.mkdir(exist_ok=True)
        self.conf.chmod(0o711)
        (self.state / "stack.home").write_text(f"{self.home}\n", encoding="utf-8")

    def remove(self) -> None:
        """Remove the stack's data and records, and nothing else of the state folder (evidence stays)."""
        if self.home.exists():
            shutil.rmtree(self.home)
        for record in ("stack.home", "ports.json", "credentials.json", "stack.json", STACK_ENV):
            (self.state / record).unlink(missing_ok=True)

    @property
    def log(self) -> Path:
        """One log a component."""
        return self.home / "log"

    @property
    def conf(self) -> Path:
        """Rendered configurations."""
        return self.home / "conf"

    @property
    def run(self) -> Path:
        """Where the workers of the API meet (RUN_DIR)."""
        return self.home / "run"

    @property
    def files(self) -> Path:
        """Uploads, and what jobs make (FILES_DIR)."""
        return self.home / "files"

    def log_of(self, component: str) -> Path:
        """The log of one component."""
        return self.log / f"{component}.log"


def _digest(state: Path) -> str:
    return hashlib.sha256(str(state).encode()).hexdigest()[:12]
