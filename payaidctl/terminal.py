"""The terminal: answers on stdout, everything else on stderr, colours only where a person is looking."""

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from payaidctl.errors import OperatorError

if TYPE_CHECKING:
    from rich.console import Console


@cache
def answers() -> "Console":
    """stdout: what was asked for, and nothing else."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), no_color=_plain())


@cache
def asides() -> "Console":
    """stderr: progress, questions, complaints."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, no_color=_plain())


def _plain() -> bool:
    return bool(os.environ.get("NO_COLOR"))


def say(message: str) -> None:
    """One line of progress, on stderr."""
    asides().print(message, markup=False, emoji=False, soft_wrap=True)


def complain(error: OperatorError) -> None:
    """Tell what was wrong and what to do next."""
    asides().print(f"error: {error}", style="red", markup=False, soft_wrap=True)
    if error.advice:
        asides().print(f" next: {error.advice}", markup=False, soft_wrap=True)
