"""List the evidence of earlier runs, or import a run that was taken elsewhere."""

from pathlib import Path

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, TargetOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False, help=__doc__)


@app.command("list")
def list_(
    *,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Every run on file, newest first, and whether it was taken on this system.

    \b
    Examples:
      payaidctl evidence list
      payaidctl evidence list -o json
    """
    from payaidctl.archive import listing
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    raise typer.Exit(int(tell(listing(resolve(env_file=env_file, target=target)), output)))


@app.command("import")
def import_(
    files: list[Path],
    *,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Let a run that was taken elsewhere count for this system, such as the nightly 10,000 users for a pull request.

    The file keeps what it was taken on; readiness tells of it that it was imported.

    \b
    Examples:
      payaidctl evidence import nightly/*-loadtest.json
    """
    from payaidctl.archive import adopt
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    raise typer.Exit(int(tell(adopt(files, resolve(env_file=env_file, target=target)), output)))
