"""Remove every row that a load run wrote."""

from typing import Annotated

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, TargetOption, YesOption

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's name, the beginning of it, or `latest`.")]


def command(
    run: Run,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Delete the rows that carry the run's name, and count what is left of them.

    \b
    Examples:
      payaidctl cleanup latest
      payaidctl cleanup 1k-20260401T093000Z-a1b2
    """
    import asyncio
    import re

    from payaidctl.errors import UsageError
    from payaidctl.finding import Finding, Status, Stopwatch
    from payaidctl.guard import guard
    from payaidctl.load.cleanup import remove
    from payaidctl.load.plan import NAME, find_run
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    # A run whose folder is gone, or was made elsewhere, can still be named in full.
    name = run if re.fullmatch(NAME, run) else find_run(run).name
    if not re.fullmatch(NAME, name):
        raise UsageError(f"`{name}` is no load run's name", "a run is called 1k-20260401T093000Z-a1b2, or the like")
    system = resolve(env_file=env_file, target=target)
    watch = Stopwatch("cleanup", str(system))
    guard(system, f"cleanup of {name}", yes=yes)
    removed = asyncio.run(remove(system, name))
    findings = [
        Finding(
            f"cleanup.{one.table.lower()}", Status.FAIL if one.left else Status.PASS, f"{one.table} rows of {name}",
            f"{one.rows:,} removed, {one.left:,} left", "none left",
        )
        for one in removed
    ]  # fmt: skip
    report = watch.report(findings, {"run": name, "removed": {one.table: one.rows for one in removed}})
    raise typer.Exit(int(tell(report, output)))
