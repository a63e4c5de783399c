"""What a component of the stack is: a program, how to prepare it, and how to see that it does its work."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from payaidctl.stack.site import Site


class NotReady(Exception):
    """The component does not do its work (yet); the message says what was seen."""


class Condition(StrEnum):
    """What one component is doing."""

    READY = "ready"
    UNREADY = "unready"
    STARTING = "starting"
    STOPPED = "stopped"
    FAILED = "failed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ComponentState:
    """One component as it is now. `detail` is what it answered, or why it did not."""

    name: str
    state: Condition
    detail: str
    log: Path
    pid: int | None = None
    port: int | None = None
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """What the supervisor runs. Secrets never stand in `command`: everybody can read command lines."""

    command: tuple[str | Path, ...]
    directory: Path
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_wait_s: int = 20


class Component(ABC):
    """One program of the stack. `prepare`, start, `look` until it is ready, `settle`: each may be done again."""

    group: ClassVar[str]
    patience_s: ClassVar[float] = 30.0
    clustered: ClassVar[bool] = False
    # A program that answers on no port is taken to work once it has run for a second.
    silent: ClassVar[bool] = False

    def __init__(self, site: Site, name: str, needs: frozenset[str] = frozenset()) -> None:
        self.site = site
        self.name = name
        self.needs = needs

    @property
    def port(self) -> int | None:
        """The port it listens on, if any."""
        return self.site.ports.get(self.name)

    @property
    def folder(self) -> Path:
        """Where it keeps its data, and its working directory: that is how we know our own processes."""
        return self.site.folder(self.name)

    @abstractmethod
    def program(self) -> Program:
        """What is run."""

    @abstractmethod
    def configure(self) -> bool:
        """Render its configuration; say whether it changed."""

    def prepare(self, say: Callable[[str], None]) -> None:  # noqa: B027 -- most have nothing to prepare
        """Make its data, before its first start."""

    @abstractmethod
    def look(self) -> str:
        """Ask it to do its work; return what it answered in a few words.

        Raises:
            NotReady: it does not, and why.
        """

    def inspect(self) -> str:
        """As `look`, for the person who asks for the state: by then all of its work must be possible."""
        return self.look()

    def settle(self, say: Callable[[str], None]) -> None:  # noqa: B027 -- nor to settle
        """What is done once it runs: roles, databases."""
