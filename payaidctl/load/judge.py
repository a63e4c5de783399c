"""The verdict: thresholds against measures, and first of all whether the generator may be believed. Pure.

Nothing here fails because the generator was slow, and nothing passes because it was: when it was saturated, lost a
process or never reached its users, every latency is INCONCLUSIVE. Errors that the server sent stay errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.load.measure import Measures, Unknown, mistakes_by_name
from payaidctl.load.profile import Profile
from payaidctl.load.quantile import quantile
from payaidctl.load.sample import Sample, Wrong
from payaidctl.load.threshold import Threshold
from payaidctl.load.units import show

# Facts that a weak generator cannot fake: what the server answered, and what the databases counted.
PROVEN = frozenset({"errors", "refused-neighbours", "evictions"})
BUSY_SHARE = 0.10
CLOCK_STEP_S = 0.25
STRANGERS = 20.0
NAMED = 8


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the run itself went. CPU readings are per generator process, in percent of one core, one a second."""

    users_wanted: int
    users_reached: int
    users_least: int
    lost: Sequence[str] = ()
    broken: Sequence[str] = ()
    cpu: Mapping[str, Sequence[float]] = field(default_factory=dict)
    restarted: Sequence[str] = ()
    aborted: str = ""
    clock_step_s: float = 0.0
    strangers: float = 0.0


@dataclass(frozen=True, slots=True)
class Doubts:
    """Why a figure may not be claimed: whatever it says, or only if it is bad."""

    any_way: Sequence[Finding]
    if_bad: Sequence[Finding]

    def of(self, *, passed: bool) -> Finding | None:
        """The first reason to doubt it."""
        reasons = [*self.any_way, *(() if passed else self.if_bad)]
        return reasons[0] if reasons else None


def judge(
    profile: Profile, thresholds: Sequence[Threshold], measures: Measures, conditions: Conditions
) -> list[Finding]:
    """Every finding of a run, the generator's own soundness first."""
    sound = soundness(profile, measures.samples, conditions)
    doubts = Doubts(
        [finding for finding in sound if finding.status is Status.INCONCLUSIVE],
        [finding for finding in sound if finding.id == "loadtest.machine"],
    )
    return [
        *sound,
        *([_aborted(conditions.aborted)] if conditions.aborted else []),
        *(_held(threshold, measures, doubts) for threshold in thresholds),
        *_named_mistakes(measures),
    ]


def soundness(profile: Profile, samples: Sequence[Sample], conditions: Conditions) -> list[Finding]:
    """May what was measured be believed at all?"""
    return [
        _users(conditions),
        _workers(conditions),
        _generator_cpu(profile, conditions),
        _wake_late(profile, samples),
        _server(conditions),
        *_clock(conditions),
        *_strangers(conditions),
        *_scenarios(conditions),
    ]


def _users(conditions: Conditions) -> Finding:
    least = min(conditions.users_reached, conditions.users_least)
    status = Status.PASS if least >= conditions.users_wanted else Status.INCONCLUSIVE
    observed = f"{conditions.users_reached:,} reached, {least:,} at the least during the plateau"
    return Finding(
        "loadtest.users", status, "All users came, and stayed for the plateau", observed,
        f"{conditions.users_wanted:,}",
        advice="" if status is Status.PASS else "see the generator's log in the run's folder",
    )  # fmt: skip


def _workers(conditions: Conditions) -> Finding:
    title = "No generator process was lost"
    if conditions.lost:
        return Finding("loadtest.workers", Status.INCONCLUSIVE, title, "; ".join(conditions.lost), "none lost")
    return Finding("loadtest.workers", Status.PASS, title, f"{len(conditions.cpu)} ran to the end", "none lost")


def _generator_cpu(profile: Profile, conditions: Conditions) -> Finding:
    title = "The generator had CPU to spare"
    bound = profile.soundness.cpu
    expected = f"{bound:g} % of a core exceeded in at most {BUSY_SHARE:.0%} of the plateau"
    readings = {name: list(values) for name, values in conditions.cpu.items() if values}
    if not readings:
        return Finding("loadtest.generator-cpu", Status.INCONCLUSIVE, title, "its CPU was never read", expected)
    busy = {name: sum(value > bound for value in values) / len(values) for name, values in readings.items()}
    worst = max(busy, key=lambda name: (busy[name], sum(readings[name])))
    mean = sum(readings[worst]) / len(readings[worst])
    observed = f"busiest process {mean:.0f} % on average, {max(readings[worst]):.0f} % at most"
    saturated = busy[worst] > BUSY_SHARE
    return Finding(
        "loadtest.generator-cpu", Status.INCONCLUSIVE if saturated else Status.PASS, title, observed, expected,
        {"busyShare": busy}, "use more --processes, or a machine of its own for the generator" if saturated else "",
    )  # fmt: skip


def _wake_late(profile: Profile, samples: Sequence[Sample]) -> Finding:
    title = "The generator woke its users in time"
    bound = profile.soundness.wake_late_ms
    expected = f"p99 of its own delay at most {show(bound, 'ms')}"
    delays = sorted(sample.overslept for sample in samples if sample.wrong != Wrong.UNSENT)
    if not delays:
        return Finding("loadtest.generator-delay", Status.INCONCLUSIVE, title, "no request was sent", expected)
    late = quantile(delays, 0.99) / 1000
    starved = late > bound
    observed = f"p99 {show(late, 'ms')}, worst {show(delays[-1] / 1000, 'ms')}"
    return Finding(
        "loadtest.generator-delay", Status.INCONCLUSIVE if starved else Status.PASS, title, observed, expected,
        advice="the generator was starved of CPU: give it more, or fewer users" if starved else "",
    )  # fmt: skip


def _server(conditions: Conditions) -> Finding:
    title = "No server was restarted during the plateau"
    if conditions.restarted:
        observed = f"restarted: {', '.join(conditions.restarted)}"
        return Finding("loadtest.server-restarts", Status.INCONCLUSIVE, title, observed, "none")
    return Finding("loadtest.server-restarts", Status.PASS, title, "none", "none")


def _clock(conditions: Conditions) -> list[Finding]:
    if conditions.clock_step_s <= CLOCK_STEP_S:
        return []
    observed = f"stepped by {conditions.clock_step_s:.2f} s"
    advice = "the machine was suspended, or its time was set: run again"
    title = "The generator's clock ran evenly"
    return [Finding("loadtest.clock", Status.INCONCLUSIVE, title, observed, "no step", advice=advice)]


def _strangers(conditions: Conditions) -> list[Finding]:
    """Other programs may only make a run worse: what passes beside them passes, what fails is not proven."""
    if conditions.strangers <= STRANGERS:
        return []
    title = "This machine did nothing else"
    observed = f"other programs took {conditions.strangers:.0f} % of its CPU"
    advice = "stop them, and run again"
    return [Finding("loadtest.machine", Status.WARN, title, observed, f"at most {STRANGERS:g} %", advice=advice)]


def _scenarios(conditions: Conditions) -> list[Finding]:
    if not conditions.broken:
        return []
    title = "The scenarios themselves ran without a fault"
    observed = f"{len(conditions.broken)} faults, such as {conditions.broken[0]}"
    return [Finding("loadtest.scenario", Status.INCONCLUSIVE, title, observed, "none", advice="mend the scenario")]


def _aborted(why: str) -> Finding:
    title = "The run was not aborted"
    return Finding("loadtest.abort", Status.FAIL, title, why, "no abort condition met", advice="see the page's errors")


def _held(threshold: Threshold, measures: Measures, doubts: Doubts) -> Finding:
    title = f"{threshold.key} {threshold.expected}"
    evidence: dict[str, Any] = {"metric": threshold.metric, "of": threshold.of, "bound": threshold.bound}
    try:
        value = measures.get(threshold.metric, threshold.of)
    except Unknown as reason:
        return Finding(threshold.id, Status.INCONCLUSIVE, title, str(reason), threshold.expected, evidence)
    evidence["value"] = value
    holds = threshold.holds(value)
    status = Status.PASS if holds else Status.FAIL
    observed = show(value, threshold.kind)
    why = doubts.of(passed=holds)
    if why and not _proven(threshold, measures, holds=holds):
        status, observed = Status.INCONCLUSIVE, f"{observed}, in doubt: {why.observed}"
    return Finding(threshold.id, status, title, observed, threshold.expected, evidence)


def _proven(threshold: Threshold, measures: Measures, *, holds: bool) -> bool:
    """Whether a broken threshold stays broken although the generator was unsound."""
    if holds or threshold.metric not in PROVEN:
        return False
    return threshold.metric != "errors" or not threshold.holds(measures.answered_errors(threshold.of))


def _named_mistakes(measures: Measures) -> list[Finding]:
    """Each request that failed is named, whatever the share: a warning where the thresholds let it pass."""
    found: dict[str, list[dict[str, Any]]] = {}
    for mistake in mistakes_by_name(measures):
        found.setdefault(mistake["name"], []).append(mistake)
    shown = sorted(found.items(), key=lambda item: -sum(one["count"] for one in item[1]))
    rest = sum(one["count"] for _, mistakes in shown[NAMED:] for one in mistakes)
    return [
        Finding(
            "loadtest.failing." + name.replace(" ", "-"), Status.WARN, f"`{name}` answered without a mistake",
            ", ".join(_told(one) for one in mistakes), f"none of {measures.groups[name].sent:,} wrong",
            {"mistakes": mistakes}, "samples of the answers are on the run's page",
        )
        for name, mistakes in shown[:NAMED]
    ] + ([_others(len(shown) - NAMED, rest)] if rest else [])  # fmt: skip


def _others(names: int, mistakes: int) -> Finding:
    title = "No other request failed"
    observed = f"{mistakes:,} mistakes of {names} more requests"
    return Finding("loadtest.failing", Status.WARN, title, observed, "none", advice="the run's page names them all")


def _told(mistake: dict[str, Any]) -> str:
    status = f" {mistake['status']}" if mistake["status"] else ""
    return f"{mistake['count']} x {mistake['wrong']}{status}"
