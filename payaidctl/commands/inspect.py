"""Diagnose the database: indexes, bloat, locks, replication, and what to do about each."""

import asyncio
from typing import Annotated

import typer

from payaidctl.options import (
    DatabaseOption,
    EnvFileOption,
    Output,
    OutputOption,
    ReportOption,
    TargetOption,
    TimeoutOption,
)


def command(
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="What to look at; everything if not said.")
    ] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="Only list what can be looked at.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the file behind ID: why it matters, and its SQL.")
    ] = False,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    database_url: DatabaseOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Look at the primary and at every replica. Each row says what to do; nothing is changed.

    A role that may only read is enough; with pg_monitor it also sees other roles' statements. The files in
    sql/inspect are yours to read and edit.

    \b
    Examples:
      payaidctl inspect --list
      payaidctl inspect unused
      payaidctl inspect blocking -o json | jq '.findings[].advice'
      payaidctl inspect missing-fk --explain
    """
    from payaidctl import inspection
    from payaidctl.errors import UsageError
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    if list_:
        typer.echo(inspection.listing())
        raise typer.Exit
    if explain:
        if identifier is None:
            raise UsageError("--explain needs an ID", "`payaidctl inspect --list` names them")
        typer.echo(inspection.inspection(identifier).path.read_text(encoding="utf-8").rstrip())
        raise typer.Exit
    system = resolve(env_file=env_file, target=target, database_url=database_url)
    report = asyncio.run(inspection.inspect(system, identifier, timeout))
    raise typer.Exit(int(tell(report, output, report_file)))
