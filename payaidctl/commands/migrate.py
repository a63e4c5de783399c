"""Bring a database to this release's schema; --plan says what would be done, --status what was."""

import asyncio
from typing import Annotated

import typer

from payaidctl.options import DatabaseOption, EnvFileOption, Output, OutputOption, TargetOption, YesOption


def command(
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Only list what would be applied.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only list where each migration stands.")] = False,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    database_url: DatabaseOption = None,
    output: OutputOption = Output.TEXT,
    yes: YesOption = False,
) -> None:
    """Apply the migrations in sql/schema that this database does not have yet.

    A database that has tables and is not ours is refused, whatever the flags: the existing application's tables
    have the same names. --status fails when something is pending or was edited after it was applied.

    \b
    Examples:
      payaidctl migrate --plan
      payaidctl migrate --database-url postgresql://payaid_owner@db.example/payaid --yes
      payaidctl migrate --status --output github
    """
    from payaidctl.evidence import record
    from payaidctl.guard import Kind, guard
    from payaidctl.schema import verdict
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    if plan and status:
        raise typer.BadParameter("--plan and --status ask different questions; give one")
    system = resolve(env_file=env_file, target=target, database_url=database_url)
    if status:
        report = asyncio.run(verdict.of_status(system))
    else:
        if not plan:
            guard(system, "migrate", yes=yes, allowed=(Kind.OURS, Kind.EMPTY), direct=True)
        report = asyncio.run(verdict.of_migrating(system, plan=plan))
    record(report, system)
    raise typer.Exit(int(tell(report, output)))
