"""A profile: how many users, who they are, how fast they come, how long we look, and what counts as good.

`scenarios/profiles/<users>.yaml`; the file is its own documentation. Every mistake names file:line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from payaid.content import content
from payaidctl.errors import UsageError
from payaidctl.load.threshold import Threshold, parse
from payaidctl.load.units import quantity, seconds, span
from payaidctl.marked import Marked, read

T = TypeVar("T")
MAX_RAMP = 500.0


@dataclass(frozen=True, slots=True)
class Soundness:
    """When the generator itself can no longer be believed: its busiest process, and how late it woke its users."""

    cpu: float
    wake_late_ms: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One size of load test. Times in seconds, rates per second; `mix` in percent of the users by scenario file."""

    name: str
    path: Path
    users: int
    ramp: float
    settle: float
    plateau: float
    think: tuple[float, float]
    timeout: float
    mix: Mapping[str, float]
    noisy: int
    logins: float
    soundness: Soundness
    thresholds: tuple[str, ...]
    abort: tuple[str, ...]
    marks: Marked

    @property
    def rate(self) -> float:
        """Requests a second that its users make (Little's law, when answers take no time)."""
        return self.users / (sum(self.think) / 2)

    @property
    def duration(self) -> float:
        """Seconds from the first user to the end of the plateau, when all goes well."""
        return self.users / self.ramp + self.settle + self.plateau

    def judged(self, names: list[str], classes: list[str]) -> tuple[list[Threshold], list[Threshold]]:
        """Its thresholds and abort conditions, checked against what the scenarios send.

        Raises:
            UsageError: a threshold that could not be applied, with file:line.
        """
        return (
            [self._threshold("thresholds", number, names, classes) for number in range(len(self.thresholds))],
            [self._threshold("abort", number, names, classes) for number in range(len(self.abort))],
        )

    def _threshold(self, where: str, number: int, names: list[str], classes: list[str]) -> Threshold:
        text = (self.thresholds if where == "thresholds" else self.abort)[number]
        try:
            return parse(text, names, classes, abort=where == "abort")
        except ValueError as error:
            raise UsageError(
                f"{self.marks.at(where)}: {where}: {error}", "mend the profile; no load was made"
            ) from None


FIELDS = (
    "users", "ramp", "settle", "plateau", "think", "timeout", "mix", "noisy", "logins", "generator", "thresholds",
    "abort",
)  # fmt: skip


def available() -> dict[str, Path]:
    """Every profile by name, the smallest first where the name is a number of users."""
    return {path.stem: path for path in sorted(content("scenarios/profiles").glob("*.yaml"))}


def load(name: str) -> Profile:
    """The profile of this name, or of this YAML file.

    Raises:
        UsageError: there is none, or it is wrong; the message names file:line.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else available().get(name)
    if path is None:
        raise UsageError(f"there is no profile `{name}`", f"choose from {', '.join(available())}, or name a YAML file")
    return build(path.stem, path, read(path))


def build(name: str, path: Path, marks: Marked) -> Profile:
    """A profile from what its file says."""
    for key in marks:
        if key not in FIELDS:
            raise UsageError(f"{marks.at(key)}: `{key}` means nothing here", f"there are {', '.join(FIELDS)}")
    for key in FIELDS:
        if key not in marks and key not in {"noisy", "logins", "abort"}:
            raise UsageError(f"{marks.at()}: `{key}` is missing", "see scenarios/profiles/1k.yaml for an example")
    profile = Profile(
        name=name,
        path=path,
        users=_take(marks, "users", lambda value: int(quantity(value, ""))),
        ramp=_take(marks, "ramp", lambda value: quantity(value, "/s")),
        settle=_take(marks, "settle", seconds),
        plateau=_take(marks, "plateau", seconds),
        think=_take(marks, "think", span),
        timeout=_take(marks, "timeout", seconds),
        mix=_mix(marks),
        noisy=_take(marks, "noisy", lambda value: int(quantity(value, "")), 0),
        logins=_take(marks, "logins", lambda value: quantity(value, "/s"), 0.0),
        soundness=_soundness(marks),
        thresholds=_lines(marks, "thresholds"),
        abort=_lines(marks, "abort") if "abort" in marks else (),
        marks=marks,
    )
    return _sane(profile)


def _take(marks: Marked, key: str, convert: Callable[[Any], T], default: T | None = None) -> T:
    if key not in marks and default is not None:
        return default
    try:
        return convert(marks[key])
    except ValueError as error:
        raise UsageError(f"{marks.at(key)}: {key}: {error}", "mend the profile") from None


def _lines(marks: Marked, key: str) -> tuple[str, ...]:
    value = marks[key]
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise UsageError(f"{marks.at(key)}: {key}: not a list of lines such as `p95 < 500 ms`", "mend the profile")
    return tuple(value)


def _mix(marks: Marked) -> dict[str, float]:
    mix = marks["mix"]
    if not isinstance(mix, Marked) or not mix:
        raise UsageError(f"{marks.at('mix')}: mix: not scenarios with their shares", "write `sales_rep: 40 %` lines")
    shares = {name: _take(mix, name, lambda value: quantity(value, "%")) for name in mix}
    if abs(sum(shares.values()) - 100) > 1e-6:
        raise UsageError(f"{marks.at('mix')}: the shares add up to {sum(shares.values()):g} %, not 100 %", "mend them")
    return shares


def _soundness(marks: Marked) -> Soundness:
    given = marks["generator"]
    if not isinstance(given, Marked) or set(given) != {"cpu", "wake-late"}:
        raise UsageError(f"{marks.at('generator')}: generator: needs `cpu` and `wake-late`", "see profiles/1k.yaml")
    cpu = _take(given, "cpu", lambda value: quantity(value, "%"))
    return Soundness(cpu, _take(given, "wake-late", lambda value: quantity(value, "ms")))


def _sane(profile: Profile) -> Profile:
    marks = profile.marks
    if profile.ramp > MAX_RAMP:
        raise UsageError(
            f"{marks.at('ramp')}: {profile.ramp:g} users/s: over {MAX_RAMP:g}/s connecting itself is what is measured",
            "ramp more slowly",
        )
    for key in ("users", "ramp", "plateau", "timeout"):
        if getattr(profile, key) <= 0:
            raise UsageError(f"{marks.at(key)}: {key} must be more than nothing", "mend the profile")
    if not profile.thresholds:
        raise UsageError(f"{marks.at('thresholds')}: no thresholds: such a run could not fail", "state what is good")
    return profile


def shares(users: int, mix: Mapping[str, float]) -> dict[str, int]:
    """How many users play each scenario: whole numbers that add up, the largest remainders rounded up."""
    exact = {name: users * percent / 100 for name, percent in mix.items()}
    counts = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (counts[name] - exact[name], name))
    for name in by_remainder[: users - sum(counts.values())]:
        counts[name] += 1
    return counts
