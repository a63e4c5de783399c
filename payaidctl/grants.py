"""The least privileges of a command, as SQL: `sql/grants/COMMAND.sql` with the names put in."""

import re
from collections.abc import Mapping

from payaid.content import content
from payaidctl.errors import UsageError

FOLDER = "sql/grants"
NAME = re.compile(r":(role|database|owner)\b")


def commands() -> list[str]:
    """The commands that say what they need."""
    return sorted(path.stem for path in content(FOLDER).glob("*.sql"))


def grants(command: str, names: Mapping[str, str]) -> str:
    """The statements, for a role, a database, and the owner of its tables.

    Raises:
        UsageError: no such command, or one that needs no database.
    """
    if command not in commands():
        raise UsageError(f"no grants for `{command}`", f"there are some for: {', '.join(commands())}")
    text = content(f"{FOLDER}/{command}.sql").read_text(encoding="utf-8")
    return NAME.sub(lambda found: quote(names[found[1]]), text).rstrip()


def quote(name: str) -> str:
    """An identifier as SQL text, quoted where it must be; unquoted names are folded by the server."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
