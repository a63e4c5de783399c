"""What a command found: the one shape that every verdict is made of, and every output renders.

The exit status is fixed here, before anything is rendered, so it is the same in every format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any


class Status(StrEnum):
    """The state of one finding. "Could not look" is never "passed"."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"
    INCONCLUSIVE = "inconclusive"
    WAIVED = "waived"


class Verdict(StrEnum):
    """The state of a whole run."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class ExitStatus(IntEnum):
    """What the shell is told."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INCONCLUSIVE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One question that was asked, with what was seen against what was expected."""

    id: str
    status: Status
    title: str
    observed: str = ""
    expected: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A command's whole answer. `target` is what was looked at, with secrets masked."""

    command: str
    target: str
    findings: Sequence[Finding]
    started_at: datetime
    duration_ms: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """A proven FAIL beats INCONCLUSIVE, which beats PASS; a run that looked at nothing is INCONCLUSIVE."""
        seen = {finding.status for finding in self.findings}
        if Status.FAIL in seen:
            return Verdict.FAIL
        if Status.INCONCLUSIVE in seen or not seen - {Status.SKIP}:
            return Verdict.INCONCLUSIVE
        return Verdict.PASS

    @property
    def exit_status(self) -> ExitStatus:
        """The process's exit status, the same in every output format."""
        return ExitStatus[self.verdict.name]


class Stopwatch:
    """Starts a run's clock, and closes it into a Report."""

    def __init__(self, command: str, target: str) -> None:
        self.command = command
        self.target = target
        self.started_at = datetime.now(UTC)

    def report(self, findings: Sequence[Finding], facts: Mapping[str, Any] | None = None) -> Report:
        """The run, ended now."""
        elapsed = datetime.now(UTC) - self.started_at
        milliseconds = round(elapsed.total_seconds() * 1000)
        return Report(self.command, self.target, findings, self.started_at, milliseconds, facts or {})
