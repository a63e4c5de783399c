"""What is said of one declared index: its state, which decides, and everything that is worth a word. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from payaidctl.finding import Status
from payaidctl.indexes.actual import Index, Table
from payaidctl.indexes.declared import Declaration
from payaidctl.indexes.definition import Definition
from payaidctl.indexes.progress import Build


class State(StrEnum):
    """What became of a declared index."""

    OK = "ok"
    EQUIVALENT = "equivalent"
    REDUNDANT = "redundant"
    MISSING = "missing"
    INVALID = "invalid"
    BUILDING = "building"
    DIFFERENT = "different"
    TABLE_ABSENT = "table absent"
    COLUMN_ABSENT = "column absent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


STATUS = {
    State.OK: Status.PASS,
    State.EQUIVALENT: Status.PASS,
    State.REDUNDANT: Status.WARN,
    State.BUILDING: Status.INCONCLUSIVE,
    State.UNKNOWN: Status.INCONCLUSIVE,
}
SERVING = frozenset({State.OK, State.EQUIVALENT, State.REDUNDANT})


@dataclass(frozen=True, slots=True)
class Judgement:
    """One declared index: its state, the index that serves (or fails to), and everything worth saying about it.

    `own` has the declared name; `index` is the one that counts (an equivalent may have another name); `twins` are
    further indexes of the same meaning; `leftovers` are those that an interrupted repair of ours left behind.
    """

    declared: Declaration
    state: State
    detail: str = ""
    advice: str = ""
    table: Table | None = None
    wanted: Definition | None = None
    index: Index | None = None
    own: Index | None = None
    twins: tuple[Index, ...] = ()
    leftovers: tuple[Index, ...] = ()
    build: Build | None = None
    caution: str = ""

    @property
    def status(self) -> Status:
        """Pass, warn, fail or inconclusive, by the state; a caution turns a pass into a warning."""
        status = STATUS.get(self.state, Status.FAIL)
        return Status.WARN if self.caution and status is Status.PASS else status
