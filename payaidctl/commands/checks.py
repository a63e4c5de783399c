"""List every readiness check: its question, weight, severity and profiles."""

from typing import Annotated

import typer

from payaidctl.options import Output, OutputOption


def command(
    *,
    list_: Annotated[bool, typer.Option("--list", help="Only the ids, one a line.")] = False,
    area: Annotated[str | None, typer.Option("--area", help="One area only.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Validate the check files and list what they ask. A mistake in one is told with file:line, exit status 2.

    \b
    Examples:
      payaidctl checks
      payaidctl checks --list --area cache
      payaidctl explain cache.endpoints
    """
    from payaidctl.readiness.catalogue import checks
    from payaidctl.readiness.listing import listing
    from payaidctl.tell import tell

    if list_:
        ids = [one.id for one in checks().values() if area in (None, one.area)]
        typer.echo("\n".join(ids))
        raise typer.Exit
    raise typer.Exit(int(tell(listing(area), output)))
