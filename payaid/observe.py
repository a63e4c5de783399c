"""The closed list of facts that happen. Code emits each once; metrics, logs and traces interpret them.

A fact is a plain value. Interpreters subscribe in runtime.py; with none, emitting costs a dictionary look-up.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple


class Answered(NamedTuple):
    """A request was answered, and how: the one fact of the hot path. The first KIND fields are bounded labels."""

    route: str
    method: str
    status: int
    cache_class: str
    cache_result: str
    limiter: str
    tier: str
    seconds: float
    tenant: str
    user: str
    request_id: str


KIND = 7


class Read(NamedTuple):
    """A read went to a server, for a reason."""

    server: str
    reason: str
    seconds: float


class Wrote(NamedTuple):
    """A transaction committed on the primary."""

    seconds: float


class Degraded(NamedTuple):
    """Something was away and the service went on in a lesser way; `what` is bounded, `detail` is for the log."""

    what: str
    detail: str


class Crashed(NamedTuple):
    """A bug: an exception that no error class expects."""

    route: str
    request_id: str
    error: BaseException


class EpochChanged(NamedTuple):
    """The primary is another one, or restarted: nothing stamped before counts any more."""

    before: str
    after: str


class Heard(NamedTuple):
    """Change notices arrived and were stamped."""

    notices: int


class Collected(NamedTuple):
    """Python's collector stopped this process to look for cycles."""

    generation: int
    seconds: float


class SessionRead(NamedTuple):
    """A token's principal was looked for: in L1, in L2, or in the database."""

    result: str


class JobStarted(NamedTuple):
    """An attempt at a background job began, this long after the job was due; `first`: there was none before."""

    task: str
    lag_s: float
    first: bool


class JobEnded(NamedTuple):
    """It ended: done, retrying, dead, uncertain, cancelled, fenced, released or lost."""

    task: str
    outcome: str
    seconds: float


Fact = (
    Answered
    | Read
    | Wrote
    | Degraded
    | Crashed
    | EpochChanged
    | Heard
    | Collected
    | SessionRead
    | JobStarted
    | JobEnded
)
Interpreter = Callable[[Any], None]

_interpreters: dict[type, list[Interpreter]] = defaultdict(list)


def subscribe(kind: type, interpreter: Interpreter) -> None:
    """Have `interpreter` called with every fact of this kind."""
    _interpreters[kind].append(interpreter)


def silence() -> None:
    """Forget all interpreters (a runtime that closes)."""
    _interpreters.clear()


def emit(fact: Fact) -> None:
    """Tell the interpreters."""
    for interpreter in _interpreters.get(type(fact), ()):
        interpreter(fact)
