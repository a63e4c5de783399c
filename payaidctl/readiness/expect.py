"""Expectations: what a fact must be. Pure. A fact that nobody told is never a pass.

    expect:
      - {fact: "replicas.*.in_recovery", is: true}
      - {fact: p95_ms, at_most: {ci: 500, roadmap: 500, optimised: 400}, unit: ms}

`*` in a path means every element: all of them must hold. A value may differ by profile.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MISSING = object()


def _is(fact: Any, wanted: Any) -> bool:
    return bool(fact == wanted) and isinstance(fact, bool) == isinstance(wanted, bool)


OPERATORS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "is": ("{}", _is),
    "is_not": ("not {}", lambda fact, wanted: not _is(fact, wanted)),
    "at_most": ("<= {}", lambda fact, wanted: fact <= wanted),
    "at_least": (">= {}", lambda fact, wanted: fact >= wanted),
    "below": ("< {}", lambda fact, wanted: fact < wanted),
    "above": ("> {}", lambda fact, wanted: fact > wanted),
    "one_of": ("one of {}", lambda fact, wanted: fact in wanted),
    "none_of": ("none of {}", lambda fact, wanted: fact not in wanted),
    "contains": ("contains {}", lambda fact, wanted: wanted in fact),
    "matches": ("matches {}", lambda fact, wanted: re.search(wanted, str(fact)) is not None),
    "empty": ("none", lambda fact, wanted: (not fact) is wanted),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One fact, one operator, one value (or one a profile)."""

    fact: str
    operator: str
    value: Any
    unit: str = ""

    def wanted(self, profile: str) -> Any:
        """The value that the profile asks for."""
        return self.value[profile] if isinstance(self.value, Mapping) else self.value

    def says(self, profile: str) -> str:
        """`p95_ms <= 500 ms`."""
        phrase = OPERATORS[self.operator][0].format(_show(self.wanted(profile)))
        return f"{self.fact} {phrase} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an expectation holds (None: nothing was told), and the values that decided."""

    expectation: Expectation
    holds: bool | None
    seen: str


def judge(expectation: Expectation, facts: Mapping[str, Any], profile: str) -> Outcome:
    """Compare the fact, or every fact that the path reaches, with what the profile wants."""
    values = reach(facts, expectation.fact)
    told = [value for value in values if value is not MISSING and (value is not None or expectation.value is None)]
    if not told or len(told) < len(values):
        return Outcome(expectation, None, f"{expectation.fact}: not told")
    test = OPERATORS[expectation.operator][1]
    wanted = expectation.wanted(profile)
    try:
        wrong = [value for value in told if not test(value, wanted)]
    except TypeError:
        return Outcome(expectation, None, f"{expectation.fact}: {_show(told[0])} cannot be compared")
    shown = ", ".join(dict.fromkeys(_show(value) for value in (wrong or told)[:5]))
    return Outcome(expectation, not wrong, f"{expectation.fact} = {shown} {expectation.unit}".rstrip())


def reach(facts: Any, path: str) -> list[Any]:
    """Every value that a dotted path leads to; MISSING where a step leads nowhere.

    An empty list under `*` reaches nothing: "all of none" would pass a check that saw nothing.
    """
    found = [facts]
    for step in path.split("."):
        found = [after for value in found for after in _step(value, step)]
    return found


def _step(value: Any, step: str) -> list[Any]:
    if step == "*":
        if isinstance(value, Mapping):
            return list(value.values())
        return list(value) if isinstance(value, list | tuple) else [MISSING]
    if isinstance(value, Mapping):
        return [value.get(step, MISSING)]
    if isinstance(value, list | tuple) and step.lstrip("-").isdigit() and -len(value) <= int(step) < len(value):
        return [value[int(step)]]
    return [MISSING]


def _show(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "nothing"}[value]
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_show, value)) or "none"
    return str(value)
