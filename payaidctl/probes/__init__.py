"""A catalogue: how to look, one thing a file. A probe returns raw facts, never a verdict.

Each module has

- `NAMED_BY`: the settings that name what it looks at; with none of them set there is nothing to look at (skip);
- `WRITES`: what it leaves or changes on the way, in words; empty for most;
- `look(target, timeout_s, **arguments)`: an async function that returns a JSON-able dictionary of facts, within
  about `timeout_s` seconds an answer.

What is named and cannot be looked at raises `Unreachable`: nothing is known then, which is not a pass.
"""

import inspect
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from payaidctl.errors import OperatorError, Unreachable
from payaidctl.target import Target

Facts = dict[str, Any]


class NotNamed(OperatorError):
    """Nothing in the target names what the probe looks at."""


def names() -> list[str]:
    """Every probe, by the folder's files."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def probe(name: str) -> ModuleType:
    """One probe's module, imported on use."""
    return import_module(f"{__name__}.{name}")


def arguments(name: str) -> Mapping[str, inspect.Parameter]:
    """What a probe may be given besides the target and the timeout."""
    parameters = inspect.signature(probe(name).look).parameters
    return {key: value for key, value in parameters.items() if key not in {"target", "timeout_s"}}


async def look(name: str, target: Target, timeout_s: float, given: Mapping[str, Any] | None = None) -> Facts:
    """Run one probe on a target.

    Raises:
        NotNamed: the target names nothing that it could look at.
        Unreachable: what is named gave no answer, or not in time.
    """
    module = probe(name)
    if module.NAMED_BY and not target.get(*module.NAMED_BY):
        raise NotNamed(f"{' or '.join(module.NAMED_BY)} is not set in {target.origin}")
    try:
        facts: Facts = await module.look(target, timeout_s, **(given or {}))
    except TimeoutError as error:
        raise Unreachable(f"{name}: no answer within {timeout_s:g} s") from error
    return facts
