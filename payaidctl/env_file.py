"""Files of `NAME=value` lines."""

import re
from pathlib import Path

from payaidctl.errors import UsageError


def read_env_file(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines. Values are kept as they stand, quotes and all: check-env judges them."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "name an existing file") from error
    values = {}
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()):
            raise UsageError(f"{path}:{number}: not a NAME=value line", "write one setting a line")
        values[name.strip()] = value.strip()
    return values
