"""Configurations are rendered from templates/stack, and written only when they change."""

import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from payaid.content import content
from payaidctl.stack.account import Account


def render(template: str, **values: Any) -> str:
    """One template of templates/stack, filled in; a value that it lacks is an error."""
    # Configuration files, not HTML: escaping would corrupt them.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701
    environment.filters |= {"command": command, "percent": percent}
    source = content(f"templates/stack/{template}").read_text(encoding="utf-8")
    return environment.from_string(source).render(**values).rstrip("\n") + "\n"


def write(path: Path, text: str, *, mode: int = 0o644, owner: Account | None = None) -> bool:
    """Write a file in one step, never readable beyond `mode`; say whether its text changed."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.chmod(mode)
    if owner:
        owner.own(fresh, mode)
    fresh.replace(path)
    return True


def command(words: Iterable[str | Path]) -> str:
    """A command line as supervisor reads it."""
    return percent(shlex.join(map(str, words)))


def percent(text: object) -> str:
    """Text in which supervisor expands nothing."""
    return str(text).replace("%", "%%")
