"""The catalogue of tasks: the folder `tasks/` is the registry, a file's name is the task's name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from payaid.jobs import tasks
from payaid.jobs.policy import Policy

if TYPE_CHECKING:
    from payaid.jobs.job import Job


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its name, its policy, and what it does. `run` returns the job's result, as JSON values."""

    name: str
    policy: Policy
    run: Callable[["Job"], Awaitable[Any]]


@cache
def names() -> frozenset[str]:
    """Every task's name, without importing any: a request that writes a job needs no more."""
    return frozenset(module.name for module in iter_modules(tasks.__path__) if not module.name.startswith("_"))


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
