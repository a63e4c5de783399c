"""Stop the embedded stack; its data stays."""

import typer

from payaidctl.options import Output, OutputOption


def command(*, output: OutputOption = Output.TEXT) -> None:
    """Stop every component and the supervisor. `payaidctl up` starts them again with the same data and ports.

    \b
    Examples:
      payaidctl down
      payaidctl down && payaidctl up
    """
    from payaidctl.finding import Finding, Status, Stopwatch
    from payaidctl.stack import Condition, Stack
    from payaidctl.stack.display import display
    from payaidctl.target import state_dir
    from payaidctl.tell import tell

    stack = Stack.at(state_dir())
    watch = Stopwatch("down", f"the embedded stack in {stack.layout.state}")
    with display() as progress:
        stack.down(progress)
    alive = [one for one in stack.components() if one.state not in (Condition.STOPPED, Condition.ABSENT)]
    finding = Finding(
        "stack.down",
        Status.FAIL if alive else Status.PASS,
        "nothing of the stack runs any more",
        observed=", ".join(f"{one.name} is {one.state.value}" for one in alive) or "all stopped, data kept",
        expected="all stopped",
    )
    raise typer.Exit(int(tell(watch.report([finding]), output)))
