"""Verify the declared indexes: right definition, valid, able to serve their request; --fix mends them."""

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
    proof: Annotated[bool, typer.Option("--proof/--no-proof", help="Explain the service's own statements.")] = True,
    analyze: Annotated[bool, typer.Option("--analyze", help="Run them too: time and buffers.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is wrong first, as create-indexes does.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --fix: print the SQL, change nothing.")] = False,
    max_wait: Annotated[
        float | None,
        typer.Option("--max-wait", help="With --fix: seconds that others may hold one statement up.", min=1),
    ] = None,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    database_url: DatabaseOption = None,
    timeout: TimeoutOption = 5.0,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Compare every declared index with the catalogue, and prove that it can serve what it is for.

    What decides is the definition and its validity, never a name: an equivalent under another name passes. The
    proof explains the statement that the service itself sends, on the primary and on every replica. A role that
    may only read is enough.

    \b
    Examples:
      payaidctl verify-indexes
      payaidctl verify-indexes --env-file .env --no-proof --output github
      payaidctl verify-indexes --set all --analyze
      payaidctl verify-indexes --fix --yes --env-file .env.production
    """
    from payaidctl.indexes.run import Ask, verify_command

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
        prove=proof,
        analyze=analyze,
        fix=fix,
    )
    raise typer.Exit(int(asyncio.run(verify_command(ask, output, report_file))))
