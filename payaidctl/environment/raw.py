"""Settings as they stand, with every stray blank and quote: those are what is looked for."""

import re
from pathlib import Path

from payaidctl.errors import UsageError

LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)


def read(path: Path) -> dict[str, str]:
    """NAME=value lines of a file, each value exactly what follows the sign; the last of two equal names wins.

    Raises:
        UsageError: the file cannot be read, or a line is no setting.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "name a text file of NAME=value lines") from error
    found = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = LINE.fullmatch(line.lstrip())
        if match is None:
            raise UsageError(f"{path}:{number}: not a NAME=value line", "write one setting a line")
        found[match[1]] = match[2]
    return found
