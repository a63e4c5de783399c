"""Where the content lives: checks, SQL, scenarios and templates that an operator may read and edit."""

import os
from functools import cache
from pathlib import Path

FOLDERS = ("checks", "sql", "scenarios", "templates")


@cache
def content_root() -> Path:
    """The checkout's root, or the copy inside the installed wheel."""
    package = Path(__file__).resolve().parent
    for root in (package.parent, package / "_content"):
        if all((root / folder).is_dir() for folder in FOLDERS):
            return root
    raise FileNotFoundError(f"payaid's content ({', '.join(FOLDERS)}) is neither beside nor inside {package}")


def content(relative: str) -> Path:
    """The path of one content file or folder; an operator's own copy (PAYAID_CONTENT) wins over ours.

    An operator's folder may hold just the files that differ: what it lacks is taken from ours.
    """
    own = os.environ.get("PAYAID_CONTENT")
    if own and (path := Path(own) / relative).exists():
        return path
    return content_root() / relative
