"""Who runs PostgreSQL and PgBouncer. Both refuse root, so root hands them to `nobody`."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from payaidctl.errors import UsageError

UNPRIVILEGED = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A system user. `switch` is its name when we must become it, and None when we are it."""

    uid: int
    gid: int
    switch: str | None

    @classmethod
    def for_databases(cls) -> "Account":
        """Ourselves; `nobody` when we are root."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), None)
        try:
            entry = pwd.getpwnam(UNPRIVILEGED)
        except KeyError:
            raise UsageError(
                f"PostgreSQL refuses to run as root, and there is no user `{UNPRIVILEGED}` to run it as",
                f"create that user, or run payaidctl as an ordinary user: useradd --system {UNPRIVILEGED}",
            ) from None
        return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)

    def reaches(self, path: Path) -> bool:
        """Whether this user may walk down to `path`, which may not exist yet."""
        if not self.switch:
            return True
        existing = (one for one in (path, *path.parents) if one.exists())
        return all(self._may(one, stat.S_IXOTH) for one in existing)

    def reads(self, file: Path) -> bool:
        """Whether this user may walk to an existing file and read it."""
        return self.reaches(file.parent) and (not self.switch or self._may(file, stat.S_IROTH))

    def _may(self, path: Path, other: int) -> bool:
        facts = path.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & (other << 6))
        if facts.st_gid == self.gid:
            return bool(facts.st_mode & (other << 3))
        return bool(facts.st_mode & other)

    def own(self, path: Path, mode: int) -> Path:
        """Give one file or folder to this user."""
        path.chmod(mode)
        if self.switch:
            os.chown(path, self.uid, self.gid)
        return path

    def folder(self, path: Path) -> Path:
        """A folder that this user owns and nobody else enters."""
        path.mkdir(parents=True, exist_ok=True)
        return self.own(path, 0o700)
