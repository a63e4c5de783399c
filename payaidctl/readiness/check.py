"""A check as its YAML declares it: one yes-or-no question, how to look, what to expect, and how to mend it.

The declaration validates itself: unknown keys, probes, operators, profiles and ids are errors with file:line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Any, NoReturn

from payaidctl import probes
from payaidctl.errors import UsageError
from payaidctl.marked import Marked, read
from payaidctl.readiness.expect import OPERATORS, Expectation

PROFILES = ("ci", "roadmap", "optimised")
KEYS = (
    "id", "question", "why", "probe", "with", "when", "expect", "observed", "expected",
    "weight", "severity", "profiles", "item", "evidence", "fix", "docs",
)  # fmt: skip
REQUIRED = ("id", "question", "why", "probe", "expect", "weight", "severity", "fix")
ITEMS = range(1, 12)


@dataclass(frozen=True, slots=True)
class Observed:
    """Templates over the facts: what is said where it passes, and where it does not."""

    passing: str = ""
    failing: str = ""


Text = str | Mapping[str, str]
AGES = {"m": "minutes", "h": "hours", "d": "days"}


class Severity(StrEnum):
    """What a failure means: it blocks the launch, it fails the run, or it costs points."""

    BLOCKER = "blocker"
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the facts without which the check has nothing to say."""

    expectation: Expectation
    otherwise: str


@dataclass(frozen=True, slots=True)
class Check:
    """One declared check."""

    id: str
    question: str
    why: str
    probe: str
    arguments: Mapping[str, Any]
    when: When | None
    expect: tuple[Expectation, ...]
    observed: Observed
    expected: Text
    weight: int
    severity: Severity
    profiles: tuple[str, ...]
    item: int | None
    evidence: timedelta | None
    fix: Text
    docs: str
    where: str

    @property
    def area(self) -> str:
        """The folder it lies in."""
        return self.id.split(".", 1)[0]


def load(path: Path) -> Check:
    """Read and validate one file.

    Raises:
        UsageError: naming file:line and what is wrong there.
    """
    raw = read(path)
    for key in raw:
        if key not in KEYS:
            wrong(raw, key, f"unknown key `{key}`", f"known keys: {', '.join(KEYS)}")
    for key in REQUIRED:
        if key not in raw:
            wrong(raw, None, f"`{key}` is missing", "a check states " + ", ".join(REQUIRED))
    expected_id = f"{path.parent.name}.{path.stem}"
    if raw["id"] != expected_id:
        wrong(raw, "id", f"id `{raw['id']}` in a file that makes it `{expected_id}`", "rename one of them")
    if not str(raw["question"]).strip().endswith("?"):
        wrong(raw, "question", "the question does not end in `?`", "ask what can be answered by yes or no")
    expect = tuple(_expectation(raw, entry) for entry in _list(raw, "expect", dict))
    return Check(
        id=raw["id"],
        question=str(raw["question"]).strip(),
        why=str(raw["why"]).strip(),
        probe=_probe(raw),
        arguments=raw.get("with") or {},
        when=_when(raw),
        expect=expect,
        observed=_observed(raw),
        expected=_text(raw, "expected"),
        weight=_weight(raw),
        severity=_severity(raw),
        profiles=_profiles(raw),
        item=_item(raw),
        evidence=_age(raw),
        fix=_text(raw, "fix"),
        docs=str(raw.get("docs", "")),
        where=raw.at(),
    )


def wrong(raw: Marked, key: str | None, what: str, advice: str) -> NoReturn:
    """Refuse the file, naming the line."""
    raise UsageError(f"{raw.at(key)}: {what}", advice)


def _list(raw: Marked, key: str, kind: type) -> list[Any]:
    value = raw[key]
    entries = value if isinstance(value, list) else [value]
    if not entries or not all(isinstance(entry, kind) for entry in entries):
        wrong(raw, key, f"`{key}` is not a list of {kind.__name__}s", "the checks beside it show how")
    return entries


def _expectation(raw: Marked, entry: Marked, extra: tuple[str, ...] = ()) -> Expectation:
    operators = [key for key in entry if key in OPERATORS]
    unknown = [key for key in entry if key not in {*OPERATORS, "fact", "unit", *extra}]
    if unknown:
        wrong(entry, unknown[0], f"unknown key `{unknown[0]}`", f"operators: {', '.join(OPERATORS)}")
    if "fact" not in entry or len(operators) != 1:
        wrong(entry, None, "an expectation names one `fact` and one operator", f"operators: {', '.join(OPERATORS)}")
    value = entry[operators[0]]
    if isinstance(value, Marked):
        missing = [profile for profile in _profiles(raw) if profile not in value]
        unknown = [profile for profile in value if profile not in PROFILES]
        if missing or unknown:
            wrong(value, None, f"a value by profile names {', '.join(_profiles(raw))}", "name each of them, no other")
    return Expectation(str(entry["fact"]), operators[0], value, str(entry.get("unit", "")))


def _when(raw: Marked) -> When | None:
    if "when" not in raw:
        return None
    entry = raw["when"]
    if not isinstance(entry, Marked) or "else" not in entry:
        wrong(raw, "when", "`when` names a fact, an operator and what to say `else`", "add `else: why it is skipped`")
    return When(_expectation(raw, entry, extra=("else",)), str(entry["else"]))


def _probe(raw: Marked) -> str:
    name = str(raw["probe"])
    if name not in probes.names():
        wrong(raw, "probe", f"unknown probe `{name}`", f"probes: {', '.join(probes.names())}")
    given = raw.get("with", Marked(raw.path, raw.line))
    if not isinstance(given, Marked):
        wrong(raw, "with", "`with` is not a mapping of arguments", "write NAME: value under it")
    takes = probes.arguments(name)
    for key in given:
        if key not in takes:
            wrong(given, key, f"probe {name} takes no `{key}`", f"it takes: {', '.join(takes) or 'nothing'}")
    for key, parameter in takes.items():
        if parameter.default is parameter.empty and key not in given:
            wrong(raw, "probe", f"probe {name} needs `{key}`", "add it under `with`")
    return name


def _observed(raw: Marked) -> Observed:
    """One template, or `pass:` and `else:`."""
    value = raw.get("observed", "")
    if not isinstance(value, Marked):
        _parse(raw, "observed", str(value))
        return Observed(str(value).strip(), str(value).strip())
    if set(value) != {"pass", "else"}:
        wrong(value, None, "`observed` by outcome names `pass` and `else`", "give both, or one template")
    for key, text in value.items():
        _parse(value, key, str(text))
    return Observed(str(value["pass"]).strip(), str(value["else"]).strip())


def _parse(raw: Marked, key: str, text: str) -> None:
    try:
        list(Formatter().parse(text))
    except ValueError as error:
        wrong(raw, key, f"not a template: {error}", "write {fact} for a fact, {{ for a brace")


def _text(raw: Marked, key: str) -> Text:
    """A text, or one a profile."""
    value = raw.get(key, "")
    if not isinstance(value, Marked):
        return str(value).strip()
    if set(value) != set(_profiles(raw)):
        wrong(value, None, f"a text by profile names {', '.join(_profiles(raw))}", "name each of them, no other")
    return {profile: str(text).strip() for profile, text in value.items()}


def in_profile(text: Text, profile: str) -> str:
    """The text that the profile is told."""
    return text if isinstance(text, str) else text[profile]


def _weight(raw: Marked) -> int:
    value = raw["weight"]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10:
        wrong(raw, "weight", f"weight {value!r} is not a whole number from 1 to 10", "most weigh 1 to 5")
    return value


def _severity(raw: Marked) -> Severity:
    try:
        return Severity(raw["severity"])
    except ValueError:
        wrong(raw, "severity", f"unknown severity `{raw['severity']}`", f"one of {', '.join(Severity)}")


def _profiles(raw: Marked) -> tuple[str, ...]:
    if "profiles" not in raw:
        return PROFILES
    named = _list(raw, "profiles", str)
    for profile in named:
        if profile not in PROFILES:
            wrong(raw, "profiles", f"unknown profile `{profile}`", f"profiles: {', '.join(PROFILES)}")
    return tuple(named)


def _item(raw: Marked) -> int | None:
    item = raw.get("item")
    if item is not None and item not in ITEMS:
        wrong(raw, "item", f"the checklist has no item {item}", "items are 1 to 11")
    return item


def _age(raw: Marked) -> timedelta | None:
    if "evidence" not in raw:
        return None
    match = re.fullmatch(r"(\d+)\s*([mhd])", str(raw["evidence"]))
    if match is None:
        wrong(raw, "evidence", f"`{raw['evidence']}` is not an age", "write 90m, 24h or 7d")
    return timedelta(**{AGES[match[2]]: int(match[1])})
