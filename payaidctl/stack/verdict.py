"""What the state of the stack means: one finding a component. What was left out is skipped."""

from collections.abc import Iterable

from payaidctl.finding import Finding, Status
from payaidctl.stack.component import ComponentState, Condition

MEANING = {
    Condition.READY: Status.PASS,
    Condition.STARTING: Status.FAIL,
    Condition.UNREADY: Status.FAIL,
    Condition.STOPPED: Status.FAIL,
    Condition.FAILED: Status.FAIL,
    Condition.ABSENT: Status.SKIP,
}
ADVICE = {
    Condition.STARTING: "wait a moment, and look again",
    Condition.UNREADY: "see `payaidctl logs {name}`",
    Condition.STOPPED: "run `payaidctl up`",
    Condition.FAILED: "see `payaidctl logs {name}`, mend the cause, and run `payaidctl up`",
    Condition.ABSENT: "apt-get install pgbouncer, then `payaidctl up`",
}


def findings(states: Iterable[ComponentState]) -> list[Finding]:
    """One finding a component."""
    return [finding(state) for state in states]


def finding(state: ComponentState) -> Finding:
    """Is this component doing its work?"""
    left_out = state.state is Condition.STOPPED and not state.wanted
    status = Status.SKIP if left_out else MEANING[state.state]
    return Finding(
        id=f"stack.{state.name}",
        status=status,
        title=f"{state.name} is ready",
        observed="left out of the last `up`" if left_out else _observed(state),
        expected="" if status is Status.PASS else "ready",
        evidence={"state": state.state.value, "pid": state.pid, "port": state.port, "log": str(state.log)},
        advice="" if status is Status.PASS else ADVICE[state.state].format(name=state.name),
    )


def _observed(state: ComponentState) -> str:
    if state.state is not Condition.READY:
        return f"{state.state.value}: {state.detail}"
    where = [f"port {state.port}"] if state.port else []
    who = [f"pid {state.pid}"] if state.pid else []
    return " · ".join([state.detail, *where, *who])
