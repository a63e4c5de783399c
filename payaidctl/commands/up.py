"""Start the embedded stack: PostgreSQL with a replica, PgBouncer, Valkey, the API and the worker."""

import time
from typing import Annotated

import typer

from payaidctl.options import Output, OutputOption, YesOption


def command(
    *,
    only: Annotated[str, typer.Option("--only", help="Start these alone: components or groups, by commas.")] = "all",
    without: Annotated[str, typer.Option("--without", help="Leave these out: components or groups.")] = "",
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: a setting of the service. May be repeated.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove the stack's data first, and begin anew.")] = False,
    new_ports: Annotated[
        bool,
        typer.Option("--new-ports", help="Take other ports where a program that is not ours has the kept one."),
    ] = False,
    output: OutputOption = Output.TEXT,
    yes: YesOption = False,
) -> None:
    """Start what does not run yet, and wait until each component does its work.

    The schema is brought up to date before the API and the worker start. Data, ports and secrets are kept under
    .payaid (PAYAID_STATE names another folder); .payaid/stack.env has the settings that reach the stack. Groups:
    all, data (database, cache, queue), database, cache, service (api, worker).

    \b
    Examples:
      payaidctl up
      payaidctl up --without service
      payaidctl up --set WORKERS=4 --set RATE_LIMITS=false
      payaidctl up --fresh --yes
    """
    from payaidctl.finding import Stopwatch
    from payaidctl.stack import Stack
    from payaidctl.stack.component import Condition
    from payaidctl.stack.display import display
    from payaidctl.stack.verdict import findings
    from payaidctl.target import state_dir
    from payaidctl.tell import tell
    from payaidctl.terminal import say

    stack = Stack.at(state_dir())
    settings = _settings(setting)
    watch, began = Stopwatch("up", f"the embedded stack in {stack.layout.state}"), time.monotonic()
    if fresh and stack.exists:
        _confirm(stack.layout.state, yes=yes)
        with display() as progress:
            stack.destroy(progress)
    if new_ports and stack.exists and (changed := stack.change_ports()):
        say(f"other ports were chosen for {', '.join(changed)}")
    try:
        with display() as progress:
            stack.up(progress, _names(only), without=_names(without), settings=settings)
    except KeyboardInterrupt:
        say("interrupted; what this run had started was stopped")
        raise
    states = stack.components()
    if any(state.name == "api" and state.state is Condition.READY for state in states):
        say(f"figures, live: {stack.env()['API_URL']}/ops, any user, with OPS_TOKEN of stack.env as password")
    say(f"up in {time.monotonic() - began:.1f} s; settings are in {stack.layout.state / 'stack.env'}")
    raise typer.Exit(int(tell(watch.report(findings(states)), output)))


def _names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _settings(pairs: list[str] | None) -> dict[str, str] | None:
    """None keeps those of the last `up`; `--set ""` forgets them."""
    if pairs is None:
        return None
    for pair in filter(None, pairs):
        if "=" not in pair:
            raise typer.BadParameter(f"`{pair}` is not NAME=VALUE", param_hint="--set")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def _confirm(state: object, *, yes: bool) -> None:
    import sys

    from payaidctl.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"--fresh removes all data of the stack in {state}", "say --yes if that is meant")
    typer.confirm(f"Remove all data of the stack in {state}?", abort=True, err=True)
