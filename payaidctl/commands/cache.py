"""Show what the cache does, or make what it holds unusable."""

import asyncio
from typing import Annotated

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, TargetOption, TimeoutOption, YesOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False, help=__doc__)


@app.command("show")
def show(
    *,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """Hits by class since the workers started, and each Redis node's memory.

    \b
    Examples:
      payaidctl cache show
      payaidctl cache show --env-file .env.staging -o json
    """
    from payaidctl.cachework import describe
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    system = resolve(env_file=env_file, target=target)
    raise typer.Exit(int(tell(asyncio.run(describe(system, timeout)), output)))


@app.command("purge")
def purge(
    *,
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="These only; all if none is named.")] = None,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 30.0,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Announce a change of everything, so that no instance uses what it or Redis holds.

    Nothing is searched or deleted in Redis (KEYS and SCAN have no place in production): entries become unusable at
    once on every instance, by the same notice that a write sends, and expire by themselves.

    \b
    Examples:
      payaidctl cache purge --tenant demo
      payaidctl cache purge --env-file .env.production --yes
    """
    from payaidctl.cachework import outdate
    from payaidctl.guard import guard
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    system = resolve(env_file=env_file, target=target)
    guard(system, "cache purge", yes=yes, direct=True)
    raise typer.Exit(int(tell(asyncio.run(outdate(system, tenant or (), timeout)), output)))
