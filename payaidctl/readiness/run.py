"""A readiness run: each probe once, side by side where that is safe, then every check judged on its facts."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from payaidctl import probes
from payaidctl.errors import OperatorError, UsageError
from payaidctl.finding import Finding, Report, Stopwatch
from payaidctl.probes import NotNamed
from payaidctl.readiness import waivers
from payaidctl.readiness.catalogue import checklist, checks
from payaidctl.readiness.check import PROFILES, Check
from payaidctl.readiness.finding import finding, skipped, unseen
from payaidctl.readiness.items import as_finding, lines
from payaidctl.readiness.score import score
from payaidctl.target import Target
from payaidctl.tell.json import plain
from payaidctl.terminal import say

Key = tuple[str, str]
# These measure milliseconds, and would measure each other if they ran side by side.
TIMING = ("redis", "queue", "api")
# What the service may refuse afterwards, for a minute, goes last.
LAST = ("guesses",)
Told = Mapping[str, Any] | OperatorError


@dataclass(frozen=True, slots=True)
class Question:
    """One look: a probe with its arguments. Checks that ask the same share the answer."""

    probe: str
    arguments: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Equal for equal questions."""
        return self.probe, json.dumps(self.arguments, sort_keys=True, default=plain)


def selected(profile: str, areas: Sequence[str] = ()) -> list[Check]:
    """The profile's checks, or those of some areas only.

    Raises:
        UsageError: no such profile or area.
    """
    if profile not in PROFILES:
        raise UsageError(f"no profile `{profile}`", f"profiles: {', '.join(PROFILES)}")
    known = {check.area for check in checks().values()}
    for area in areas:
        if area not in known:
            raise UsageError(f"no area `{area}`", f"areas: {', '.join(sorted(known))}")
    return [one for one in checks().values() if profile in one.profiles and (not areas or one.area in areas)]


async def run(
    target: Target,
    profile: str,
    *,
    timeout_s: float = 10.0,
    areas: Sequence[str] = (),
    waiver_file: Path = waivers.FILE,
    told: Callable[[str], None] = say,
) -> Report:
    """Look, judge, waive, score."""
    watch = Stopwatch("readiness", str(target))
    chosen = selected(profile, areas)
    allowed = waivers.load(waiver_file, list(checks()))
    answers = await ask([question(check, profile) for check in chosen], target, timeout_s, told)
    found = [judge(check, answers[question(check, profile).key], profile) for check in chosen]
    found = waivers.apply(found, allowed, datetime.now(UTC).date())
    load = next((told for (probe, _), told in answers.items() if probe == "load" and isinstance(told, Mapping)), {})
    return conclude(watch, found, profile, complete=not areas, load=load)


def conclude(
    watch: Stopwatch, found: Sequence[Finding], profile: str, *, complete: bool, load: Mapping[str, Any]
) -> Report:
    """The report: the score, and, where every check was asked, the checklist before the checks. Pure."""
    total = score(found)
    facts: dict[str, Any] = {"profile": profile, "score": asdict(total) | {"ready": total.ready}, "load": load}
    if not complete:
        return watch.report(found, facts)
    checked = lines(checklist(), found)
    facts["checklist"] = [asdict(line) for line in checked]
    return watch.report([*map(as_finding, checked), *found], facts)


def question(check: Check, profile: str) -> Question:
    """What the check asks of its probe; evidence probes are told the profile and the greatest age too."""
    given = dict(check.arguments)
    takes = probes.arguments(check.probe)
    if "profile" in takes:
        given["profile"] = profile
    if "max_age_s" in takes and check.evidence:
        given["max_age_s"] = check.evidence.total_seconds()
    return Question(check.probe, given)


def judge(check: Check, told: Told, profile: str) -> Finding:
    """Facts become a finding; what nothing names is skipped; what could not be looked at is inconclusive."""
    if isinstance(told, NotNamed):
        return skipped(check, str(told), profile)
    if isinstance(told, OperatorError):
        return unseen(check, str(told), profile, told.advice)
    return finding(check, told, profile)


async def ask(
    questions: Sequence[Question], target: Target, timeout_s: float, hear: Callable[[str], None] = say
) -> dict[Key, Told]:
    """Each different question once: what takes times, then the rest side by side, then what writes, one by one."""
    distinct = {question.key: question for question in questions}
    told: dict[Key, Told] = {}
    for key, question in distinct.items():
        if question.probe in TIMING:
            told[key] = await _look(question, target, timeout_s)
    quiet = [one for key, one in distinct.items() if key not in told and not probes.probe(one.probe).WRITES]
    answers = await asyncio.gather(*(_look(question, target, timeout_s) for question in quiet))
    told |= {question.key: answer for question, answer in zip(quiet, answers, strict=True)}
    for key, question in sorted(distinct.items(), key=lambda item: item[1].probe in LAST):
        if key not in told:
            hear(f"  {question.probe}: {probes.probe(question.probe).WRITES}")
            told[key] = await _look(question, target, timeout_s)
    return told


async def _look(question: Question, target: Target, timeout_s: float) -> Told:
    try:
        return await probes.look(question.probe, target, timeout_s, question.arguments)
    except OperatorError as error:
        return error


def preview(profile: str, areas: Sequence[str] = ()) -> list[str]:
    """What a run would ask, one line a check, and what it would write on the way."""
    found = []
    for check in selected(profile, areas):
        writes = probes.probe(check.probe).WRITES
        found.append(f"{check.id}: {check.probe}" + (f" ({writes})" if writes else ""))
    return found
