"""A catalogue: how to judge one part's facts for `payaidctl ping`, one part a file. Pure: facts in, findings out.

Each module's `judge(facts)` turns the facts of the probe of the same name into findings.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from payaidctl.finding import Finding, Status

PARTS = ("redis", "replicas", "pooler", "api", "queue")


def judge(part: str, facts: dict[str, Any]) -> Sequence[Finding]:
    """The findings of one part."""
    module = import_module(f"{__name__}.{part}")
    decide: Callable[[dict[str, Any]], Sequence[Finding]] = module.judge
    return decide(facts)


def verdict(
    id: str,  # noqa: A002
    holds: bool | None,
    title: str,
    observed: str,
    expected: str,
    *,
    advice: str = "",
    otherwise: Status = Status.FAIL,
) -> Finding:
    """A finding that passes if it holds, else is `otherwise`; None means that it could not be seen."""
    if holds is None:
        return Finding(id, Status.INCONCLUSIVE, title, observed, expected, advice=advice)
    return Finding(id, Status.PASS if holds else otherwise, title, observed, expected, advice="" if holds else advice)
