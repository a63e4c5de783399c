"""The options that many commands share, so that they are spelled and explained the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    """How an answer is rendered; the exit status is the same in each."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    GITHUB = "github"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="How the answer is rendered on stdout.")]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Also write an HTML page to this file.", dir_okay=False)
]
EnvFileOption = Annotated[
    Path | None, typer.Option("--env-file", help="Read the target's settings from this file.", dir_okay=False)
]
TargetOption = Annotated[
    str | None, typer.Option("--target", help="A named target from payaid-targets.yaml, or `stack`.")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database-url", help="The database to talk to, directly (not through a pooler)."),
]
TimeoutOption = Annotated[float, typer.Option("--timeout", help="Seconds to wait for any one answer.", min=0.1)]
YesOption = Annotated[
    bool,
    typer.Option("--yes", help="Do not ask; needed outside the embedded stack when input is no terminal."),
]
