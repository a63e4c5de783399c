"""Tell the state of each component of the embedded stack."""

import typer

from payaidctl.options import Output, OutputOption


def command(*, output: OutputOption = Output.TEXT) -> None:
    """Ask every component to do a little of its work, and tell what it answered.

    Passes when all that the last `up` started is ready. What was left out is skipped.

    \b
    Examples:
      payaidctl status
      payaidctl status --output json | jq '.findings[] | {id, status, observed}'
    """
    from payaidctl.finding import Stopwatch
    from payaidctl.stack import Stack
    from payaidctl.stack.verdict import findings
    from payaidctl.target import state_dir
    from payaidctl.tell import tell

    stack = Stack.at(state_dir())
    watch = Stopwatch("status", f"the embedded stack in {stack.layout.state}")
    raise typer.Exit(int(tell(watch.report(findings(stack.components())), output)))
