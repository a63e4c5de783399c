"""The catalogue of tasks: the folder `tasks/` is the registry, a file's name is the task's name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.policy import Policy
from payaid.jobs.tasks import names


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its name, its policy, and what it does. `run` returns the job's result, as JSON values."""

    name: str
    policy: Policy
    run: Callable[[Job], Awaitable[Any]]


@cache
def find(name: str) -> Task | None:
    """The task of this name, or None: an older or newer release may have written the job.

    Raises:
        TypeError: the file does not declare `POLICY` and an async `run(job)`.
    """
    if name not in names():
        return None
    module = import_module(f"payaid.jobs.tasks.{name}")
    policy, run = getattr(module, "POLICY", None), getattr(module, "run", None)
    if not isinstance(policy, Policy) or not callable(run):
        raise TypeError(f"{module.__file__}: a task declares POLICY (a Policy) and `async def run(job)`")
    return Task(name, policy, run)


def load() -> dict[str, Task]:
    """Import every task, so that a broken file stops the worker at its start and not at its first job."""
    return {name: task for name in sorted(names()) if (task := find(name))}
