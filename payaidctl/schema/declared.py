"""The migrations that this release declares: `sql/schema/NNN_name.sql`, in the order of their numbers."""

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from payaid.content import content
from payaidctl.errors import UsageError

FILE_NAME = re.compile(r"(?P<version>\d{3})_(?P<name>[a-z0-9_]+)\.sql")
OPTION = re.compile(r"^-- transaction: (\w+)\s*$", re.MULTILINE)
# Without a transaction each statement is sent alone; this line stands between two of them.
NEXT = re.compile(r"^-- next\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `checksum` is of its text, so that an edited file is noticed where it was already applied."""

    version: int
    name: str
    path: Path
    sql: str
    checksum: str
    transactional: bool

    @property
    def title(self) -> str:
        """Its file's name, which is how people speak of it."""
        return self.path.name

    @property
    def summary(self) -> str:
        """The first line of its header comment."""
        return self.sql.partition("\n")[0].removeprefix("--").strip()

    @property
    def statements(self) -> list[str]:
        """What is sent, one round trip each: the whole file, or its statements where no transaction may hold."""
        return [self.sql] if self.transactional else [part for part in NEXT.split(self.sql) if part.strip()]


def declared(folder: Path | None = None) -> list[Migration]:
    """Every migration file, in order.

    Raises:
        UsageError: a file is misnamed, lacks its header, repeats a number, or names an option that does not exist.
    """
    folder = folder or content("sql/schema")
    found = [_read(path) for path in sorted(folder.glob("*.sql"))]
    for one, other in pairwise(found):
        if one.version == other.version:
            raise UsageError(f"{one.title} and {other.title} have the same number", "give the newer one the next")
    return found


def _read(path: Path) -> Migration:
    match = FILE_NAME.fullmatch(path.name)
    if not match:
        raise UsageError(f"{path}: not a migration's name", "call it NNN_name.sql, such as 042_add_quotes.sql")
    sql = path.read_text(encoding="utf-8")
    if not sql.startswith("-- "):
        raise UsageError(f"{path}:1: the header comment is missing", "say in the first lines what it does, and why")
    option = OPTION.search(sql)
    if option and option[1] != "off":
        raise UsageError(f"{path}: `-- transaction: {option[1]}` means nothing", "write `off`, or leave it out")
    checksum = hashlib.sha256(sql.encode()).hexdigest()
    return Migration(int(match["version"]), match["name"], path, sql, checksum, option is None)
