"""What a step of the gate is: a name, what it needs, and work that ends in an outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from payaidctl.finding import Status
from payaidctl.target import Target

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended, in one line, and what to do where it did not pass."""

    status: Status
    line: str
    advice: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Gate:
    """What the steps share. `target` is None until the stack's data services are up."""

    profile: str
    load: str
    yes: bool
    timeout_s: float
    target: Target | None = None
    target_options: tuple[str, ...] = ()

    @property
    def system(self) -> Target:
        """The system that is judged."""
        if self.target is None:
            raise AssertionError("a step that needs a system ran before there was one")
        return self.target


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `needs` names the steps without which it makes no sense; `embedded` ones need our own stack."""

    name: str
    does: str
    work: Callable[[Gate, Say], Outcome]
    needs: tuple[str, ...] = ()
    embedded: bool = False
    repeat: str = ""
