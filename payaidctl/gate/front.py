"""Runs another command in this process, by the same door as a person's shell, and reads its JSON."""

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from payaidctl import cli
from payaidctl.errors import Failed, OperatorError
from payaidctl.finding import ExitStatus, Status
from payaidctl.gate.step import Outcome, Say

STATUS = {ExitStatus.PASS: Status.PASS, ExitStatus.FAIL: Status.FAIL, ExitStatus.INCONCLUSIVE: Status.INCONCLUSIVE}
FEW = 2
# What the command line makes of Ctrl-C before we see it.
INTERRUPTED = 130
WORST = ("fail", "inconclusive", "warn")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered: its exit status, and its report where it printed one."""

    exit_status: int
    report: dict[str, Any]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The report's findings; empty without a report."""
        found: list[dict[str, Any]] = self.report.get("findings", [])
        return found

    def outcome(self, line: str = "") -> Outcome:
        """The command's verdict as a step's; the worst finding tells why, and how to mend it."""
        status = STATUS.get(ExitStatus(self.exit_status), Status.FAIL)
        if status is Status.PASS:
            return Outcome(status, line or self.counted())
        worst = next((one for kind in WORST for one in self.findings if one["status"] == kind), None)
        if worst is None:
            return Outcome(status, line or self.counted())
        others = sum(one["status"] == worst["status"] for one in self.findings) - 1
        told = f"{worst['id']}: {worst['observed']}" + (f" (and {others} more)" if others else "")
        return Outcome(status, told, worst["advice"], {"findings": len(self.findings)})

    def counted(self) -> str:
        """`11 pass, 1 skip`; of one or two findings, what the first observed."""
        if 0 < len(self.findings) <= FEW:
            return str(self.findings[0]["observed"])
        seen = [one["status"] for one in self.findings]
        return ", ".join(f"{seen.count(status)} {status}" for status in dict.fromkeys(seen)) or "done"


class Hearing(io.TextIOBase):
    """A stream that passes each whole line on."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.rest = ""

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def write(self, text: str) -> int:
        """Pass on what is complete."""
        *lines, self.rest = (self.rest + text).replace("\r", "\n").split("\n")
        for line in filter(str.strip, lines):
            self.say(line.strip())
        return len(text)


def run(words: Sequence[str], say: Say) -> Answer:
    """Run `payaidctl WORDS -o json`; what it says on stderr is passed on.

    Raises:
        OperatorError: what the command raised, as it is.
        Failed: there is no such command, or it printed something that is no report.
    """
    if words[0] not in cli.names():
        raise Failed(f"there is no command `{words[0]}`", "install the whole tool")
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(Hearing(say)):
        status = cli.load(words[0]).main(
            args=[*words[1:], "-o", "json"], prog_name=f"payaidctl {words[0]}", standalone_mode=False
        )
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    text = printed.getvalue()
    try:
        report = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise Failed(f"`payaidctl {' '.join(words)} -o json` printed no JSON: {text[:200]!r}") from error
    return Answer(int(status or 0), report)


def refused(error: OperatorError) -> Outcome:
    """An expected failure as a step's outcome."""
    status = STATUS.get(error.exit_status, Status.FAIL)
    return Outcome(status, str(error), error.advice)
