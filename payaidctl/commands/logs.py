"""Show what the components of the embedded stack have logged."""

from typing import Annotated

import typer


def command(
    component: Annotated[str, typer.Argument(help="A component or a group; all of them if not said.")] = "all",
    *,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of each log's last lines.", min=0)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is logged, until Ctrl-C.")] = False,
) -> None:
    """Print the last lines of one log, or of several with each line's component before it.

    \b
    Examples:
      payaidctl logs api -n 100
      payaidctl logs database
      payaidctl logs --follow
    """
    from payaidctl.stack import Stack
    from payaidctl.stack.tail import tail
    from payaidctl.target import state_dir

    stack = Stack.at(state_dir())
    for line in tail(stack.logs([component]), lines, follow=follow):
        typer.echo(line)
