"""What was done and what was seen, as plain values. Times are seconds of one monotonic clock, the clients' own.

A row is a register. Each write gives it a *version*, a number that only grows within a tenant and stands in the row's
own field, so that whatever shows the row says which write it shows. One writer at a time has a row; after a write
whose outcome is unknown nobody writes it until the truth was looked up.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import orjson


class Outcome(StrEnum):
    """What the writer was told."""

    DONE = "done"
    FAILED = "failed"  # certainly nothing happened
    UNKNOWN = "unknown"  # no answer, or an answer that says so


class Kind(StrEnum):
    """What was read."""

    DETAIL = "detail"
    LIST = "list"  # the whole collection
    FACET = "facet"  # the rows with one value of a facet
    SEARCH = "search"
    STATS = "stats"
    FOREIGN = "foreign"  # another tenant's row, by its id


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one row. `state` is its facet's value afterwards; None: the row is gone."""

    tenant: str
    row: str
    version: int
    state: str | None
    began: float
    ended: float
    outcome: Outcome
    door: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """One answer. `shows` has the versions of the rows in it; `shown` is the write whose token the caller sent."""

    kind: Kind
    tenant: str
    began: float
    ended: float
    status: int
    hit: str = ""
    asked: str = ""  # the row of a detail, the facet's value of a facet's list
    shows: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    counted: int = 0
    summed: int = 0
    marks: frozenset[str] = frozenset()
    shown: Write | None = None
    degraded: bool = False
    instance: str = ""
    said: str = ""  # why it was refused
    fault: str = ""  # what was broken meanwhile, if anything

    @property
    def answered(self) -> bool:
        """It says something about rows."""
        return self.status == 200 or (self.status == 404 and self.kind in (Kind.DETAIL, Kind.FOREIGN))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, with the read that showed it."""

    what: str
    detail: str
    read: Read | None = None


def line(kind: str, value: Any) -> bytes:
    """A history's value as one line of JSON."""
    return orjson.dumps({"kind": kind, "value": asdict(value)}, default=sorted) + b"\n"
