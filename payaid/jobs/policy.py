"""What happens after an attempt. Pure decisions: the chance and the count are arguments, nothing sleeps here."""

from dataclasses import dataclass
from enum import StrEnum

FIRST_BACKOFF_S = 2.0
LONGEST_BACKOFF_S = 600.0


class Effect(StrEnum):
    """What a task does to the world, and so what a crash in the middle of it means."""

    NONE = "none"
    """Nothing that a second run could spoil (filling a cache)."""
    DATABASE = "database"
    """Rows of ours: effects and the job's end are one commit, so they happen exactly once."""
    OUTWARD = "outward"
    """Someone outside sees it, and can tell a repeat by its stable id: retried when uncertain (mail, webhooks)."""
    OUTWARD_ONCE = "outward-once"
    """Someone outside sees it and a repeat hurts: when uncertain, it waits for a person (SMS)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How one task is run. `deadline_s` bounds one attempt; `attempts` counts failures, not crashes."""

    effect: Effect
    deadline_s: float = 30.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """The worker's clocks, in seconds. The lease outlives the queue's lock, so a re-delivery finds it expired."""

    lease_s: float = 12.0
    beat_s: float = 3.0
    lock_s: float = 10.0
    stalled_s: float = 5.0
    poll_s: float = 1.0
    sweep_s: float = 2.0
    stray_s: float = 15.0
    schedule_s: float = 1.0
    census_s: float = 5.0
    report_s: float = 1.0


class Permanent(Exception):
    """Trying again cannot help: a refused address, a missing template, a payload that breaks its rules."""


class Transient(Exception):
    """Trying again may help; `after_s` is what the other side asked for (Retry-After), if it did."""

    def __init__(self, message: str, after_s: float = 0.0) -> None:
        super().__init__(message)
        self.after_s = after_s


class NotNow(Exception):
    """There is no room for it at the moment: the job is given back as it was, and tried again after `after_s`."""

    def __init__(self, message: str, after_s: float) -> None:
        super().__init__(message)
        self.after_s = after_s


class Uncertain(Exception):
    """The act was begun and its outcome is unknown: the connection broke between the sending and the answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that a failed attempt leads to: retrying (after `after_s`), dead, or uncertain."""

    state: str
    after_s: float = 0.0
    uncertain: bool = False


def backoff(failures: int, chance: float) -> float:
    """Seconds to wait after this many failures: 2, 4, 8 ... each stretched by up to half, so that a crowd that
    failed together does not return together. `chance` is in [0, 1).
    """
    return min(FIRST_BACKOFF_S * 2.0 ** (failures - 1), LONGEST_BACKOFF_S) * (1.0 + chance / 2.0)


def judge(policy: Policy, error: BaseException, failures: int, chance: float) -> Verdict:
    """Decide on a job whose attempt has just failed for the `failures`-th time."""
    uncertain = isinstance(error, Uncertain)
    if uncertain and policy.effect is Effect.OUTWARD_ONCE:
        return Verdict("uncertain", uncertain=True)
    if isinstance(error, Permanent) or failures >= policy.attempts:
        return Verdict("dead", uncertain=uncertain)
    wait = backoff(failures, chance)
    if isinstance(error, Transient):
        wait = max(wait, error.after_s)
    return Verdict("retrying", wait, uncertain)
