"""The embedded stack in the gate's hands: started where it does not run, stopped again if the gate is broken off."""

from collections.abc import Sequence

from payaidctl.gate.step import Say
from payaidctl.stack import Condition, Stack
from payaidctl.target import state_dir

RUNNING = frozenset({Condition.READY, Condition.UNREADY, Condition.STARTING})


class Heard:
    """The stack's progress, as lines for the gate's list."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def began(self, step: str) -> None:
        """A component starts."""
        self.say(f"{step} ...")

    def said(self, step: str, what: str) -> None:
        """A component takes a moment."""
        self.say(f"{step}: {what}")

    def done(self, step: str, detail: str, seconds: float) -> None:
        """A component is ready."""
        self.say(f"{step}: {detail}")

    def failed(self, step: str, why: str) -> None:
        """A component did not come up; the error says the rest."""
        self.say(f"{step}: {why}")


def stack() -> Stack:
    """The stack of this state folder."""
    return Stack.at(state_dir())


def running() -> frozenset[str]:
    """The components that run now; none where there was never a stack."""
    found = stack()
    if not found.exists:
        return frozenset()
    return frozenset(one.name for one in found.components() if one.state in RUNNING)


def start(groups: Sequence[str], say: Say) -> str:
    """Start these groups beside what runs; a line of what there is then."""
    ours = stack()
    if ours.exists:
        ours.start(groups, Heard(say))
    else:
        ours.up(Heard(say), groups)
    states = [one for one in ours.components() if one.state is Condition.READY]
    return f"{len(states)} components ready"


def stop_what_we_started(before: frozenset[str], say: Say) -> None:
    """Put things back: everything down where nothing ran, else only what was added."""
    ours = stack()
    if not ours.exists:
        return
    if not before:
        ours.down(Heard(say))
        return
    if added := running() - before:
        ours.stop(sorted(added), Heard(say))
