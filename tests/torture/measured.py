"""Where tests leave what they measured: a line each in the file that TORTURE_FIGURES names, for docs/reliability.md."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def keep(test: str, figures: Mapping[str, Any]) -> None:
    """Append a line, where somebody wants it."""
    if path := os.environ.get("TORTURE_FIGURES"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{test}: {dict(figures)}\n")
