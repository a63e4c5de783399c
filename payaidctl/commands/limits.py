"""Show or reset a tenant's rate-limit windows."""

import asyncio

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, TargetOption, TimeoutOption, YesOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False, help=__doc__)


@app.command("show")
def show(
    tenant: str,
    *,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """What the tenant has spent of its minute and hour, by Redis' own clock.

    \b
    Examples:
      payaidctl limits show demo
      payaidctl limits show demo -o json
    """
    from payaidctl.limits import windows
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    system = resolve(env_file=env_file, target=target)
    raise typer.Exit(int(tell(asyncio.run(windows(system, tenant, timeout)), output)))


@app.command("reset")
def reset(
    tenant: str,
    *,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Give the tenant its whole budget back, now.

    Instances that hold a lease spend it to its end: at most a tenth of the limit more.

    \b
    Examples:
      payaidctl limits reset demo
      payaidctl limits reset demo --env-file .env.production --yes
    """
    from payaidctl.guard import consent
    from payaidctl.limits import forget
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    system = resolve(env_file=env_file, target=target)
    consent(system, f"reset the limits of tenant {tenant}", yes=yes)
    raise typer.Exit(int(tell(asyncio.run(forget(system, tenant, timeout)), output)))
