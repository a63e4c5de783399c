"""Validate every setting, in value and in effect; compare several files."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, ReportOption, TargetOption, TimeoutOption


def command(
    files: Annotated[list[Path] | None, typer.Argument(help="Files of settings; several are compared.")] = None,
    *,
    values_only: Annotated[bool, typer.Option("--values-only", help="Ask no server what they do in effect.")] = False,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Is every setting there, well-formed and no placeholder, and does it do what it says? Values never print.

    \b
    Examples:
      payaidctl check-env .env
      payaidctl check-env .env.staging .env.production
      payaidctl check-env --values-only --env-file .env -o github
    """
    from payaidctl.environment.run import check_files, check_one, settings
    from payaidctl.evidence import record
    from payaidctl.tell import tell

    if files and len(files) > 1:
        report = check_files(files)
    else:
        env, system, from_file = settings(files[0] if files else env_file, target)
        report = asyncio.run(check_one(env, system, from_file=from_file, timeout_s=timeout, in_effect=not values_only))
        if not values_only:
            record(report, system)
    raise typer.Exit(int(tell(report, output, report_file)))
