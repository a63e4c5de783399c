"""The same, but a repeat would hurt."""

from payaid.jobs.policy import Effect, Policy
from tests.jobs.tasks.signal import run

__all__ = ["POLICY", "run"]
POLICY = Policy(Effect.OUTWARD_ONCE)
