"""Samples: one fixed record per request, exact to the microsecond, in small binary files, one per generator process.

28 bytes little-endian: when the request was meant to start (microseconds since 1970), how late it started, how much
of that was the generator's own fault, how long it took, which request, its HTTP status, whose tenant, what was
wrong with it, what the cache did. Nothing is averaged or rounded before the verdict.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

RECORD = struct.Struct("<QIIIHHHBB")
LARGEST = 0xFFFF_FFFF


class Wrong(IntEnum):
    """What was wrong with one request. UNSENT: its time came, but its user was still held by the one before."""

    NOTHING = 0
    TRANSPORT = 1
    TIMEOUT = 2
    STATUS = 3
    BODY = 4
    REFUSED = 5
    UNSENT = 6


class Cache(IntEnum):
    """What the answer's Cache-Status said."""

    SILENT = 0
    L1 = 1
    L2 = 2
    MISS = 3
    BYPASS = 4
    STALE = 5


HITS = frozenset({Cache.L1, Cache.L2, Cache.STALE})


class Sample(NamedTuple):
    """One request. Times in microseconds; `late` and `overslept` count from `intended`; `name` indexes the steps."""

    intended: int
    late: int
    overslept: int
    took: int
    name: int
    status: int
    tenant: int
    wrong: int
    cache: int

    @property
    def corrected(self) -> int:
        """The response time from when the request was due: what a user who keeps to his plan waits."""
        return self.late + self.took

    @property
    def end(self) -> int:
        """When the answer was complete."""
        return self.intended + self.late + self.took


def pack(
    intended: int, late: int, overslept: int, took: int, name: int, status: int, tenant: int, wrong: int, cache: int
) -> bytes:
    """One record; times beyond 71 minutes are cut there."""
    return RECORD.pack(
        intended,
        min(late, LARGEST),
        min(overslept, LARGEST),
        min(took, LARGEST),
        name,
        status,
        tenant,
        wrong,
        cache,
    )


def unpack(data: bytes) -> Iterator[Sample]:
    """The records of a file or a message; a torn last record (a killed process) is left out."""
    whole = len(data) - len(data) % RECORD.size
    return map(Sample._make, RECORD.iter_unpack(memoryview(data)[:whole]))


def read(folder: Path) -> list[Sample]:
    """Every sample of a run, in the order in which they were meant to start."""
    found: list[Sample] = []
    for path in sorted(folder.glob("samples-*.bin")):
        found.extend(unpack(path.read_bytes()))
    found.sort()
    return found


def within(samples: Iterable[Sample], start_us: int, end_us: int) -> list[Sample]:
    """The samples that were meant to start in the window: the plateau, not the ramp."""
    return [sample for sample in samples if start_us <= sample.intended < end_us]


def read_mistakes(folder: Path) -> list[dict[str, Any]]:
    """What went wrong, with what the server said: one JSON object a line, the first few of each kind."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob("mistakes-*.jsonl")):
        found.extend(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return found
