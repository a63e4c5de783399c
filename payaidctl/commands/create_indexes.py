"""Create the declared indexes without blocking writes, and mend those that are invalid or differ."""

import asyncio
from pathlib import Path
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
    YesOption,
)


def command(
    *,
    index_set: Annotated[str, typer.Option("--set", help="roadmap, service, a set of your own, or all.")] = "roadmap",
    only: Annotated[list[str] | None, typer.Option("--only", help="One index, or a pattern; repeatable.")] = None,
    schema: Annotated[str, typer.Option("--schema", help="The schema that holds the tables.")] = "public",
    content: Annotated[
        Path | None, typer.Option("--content", help="A folder of your own: sql/indexes/<set>/<name>.sql in it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the exact SQL and change nothing.")] = False,
    max_wait: Annotated[
        float | None,
        typer.Option("--max-wait", help="Seconds that others may hold one statement up before it is given up.", min=1),
    ] = None,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    database_url: DatabaseOption = None,
    timeout: TimeoutOption = 5.0,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Make every declared index exist and be valid. Writers are not blocked; a second run changes nothing.

    An index counts by its definition, so one of another name is left alone. What differs is built anew beside the
    old one and swapped. Interrupted at any point, the next run finishes the work.

    \b
    Examples:
      payaidctl create-indexes --dry-run
      payaidctl create-indexes --set all
      payaidctl create-indexes --only 'idx_deal_*' --max-wait 600 --env-file .env.production --yes
    """
    from payaidctl.indexes.run import Ask, create_command

    ask = Ask(
        index_set=index_set,
        only=tuple(only or ()),
        schema=schema,
        content=content,
        timeout_s=timeout,
        max_wait_s=max_wait,
        dry_run=dry_run,
        yes=yes,
        env_file=env_file,
        target=target,
        database_url=database_url,
    )
    raise typer.Exit(int(asyncio.run(create_command(ask, output, report_file))))
