"""Why a command could not do its work. Each says what was wrong, where, and what to do next."""

from typing import ClassVar

from payaidctl.finding import ExitStatus


class OperatorError(Exception):
    """A command stopped; `advice` is the next step for the person who reads it."""

    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class UsageError(OperatorError):
    """What was asked for makes no sense: an unknown name, a missing setting, a refused target."""


class Unreachable(OperatorError):
    """What was named could not be looked at, so nothing is known about it."""

    exit_status = ExitStatus.INCONCLUSIVE


class Failed(OperatorError):
    """The work was tried and did not succeed."""

    exit_status = ExitStatus.FAIL
