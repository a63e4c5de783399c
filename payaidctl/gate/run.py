"""Runs the gate: its steps one after the other, then readiness over everything, then one verdict."""

import asyncio
import signal
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from payaidctl import evidence
from payaidctl.errors import OperatorError, UsageError
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.gate import bring, front
from payaidctl.gate.progress import Progress, progress, screen
from payaidctl.gate.step import Gate, Outcome, Step
from payaidctl.gate.steps import NAMES, STEPS
from payaidctl.readiness.earlier import with_earlier
from payaidctl.readiness.run import run as readiness
from payaidctl.target import Target, state_dir
from payaidctl.terminal import say

SETTLED = frozenset({Status.PASS, Status.WARN, Status.WAIVED})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a gate was asked for. `target` None means the embedded stack."""

    profile: str
    load: str
    skip: Collection[str] = ()
    fail_under: int = 0
    yes: bool = False
    timeout_s: float = 10.0
    target: Target | None = None
    target_options: tuple[str, ...] = ("--target", "stack")
    waivers: Path = Path("payaid-waivers.yaml")


def gate(wish: Wish) -> Report:
    """Run it all. Broken off by Ctrl-C, it stops what it started and passes the interrupt on.

    Raises:
        UsageError: a step to skip that does not exist.
    """
    for name in wish.skip:
        if name not in NAMES:
            raise UsageError(f"no step `{name}`", f"steps: {', '.join(NAMES)}")
    before = bring.running() if wish.target is None else frozenset()
    try:
        with _terminated_as_interrupted():
            return _gate(wish)
    except KeyboardInterrupt:
        if wish.target is None:
            say("\ninterrupted: stopping what this run started")
            bring.stop_what_we_started(before, lambda _: None)
        raise


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """A CI system that cancels a job sends SIGTERM; it is to leave no more behind than Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


def _gate(wish: Wish) -> Report:
    watch = Stopwatch("gate", str(wish.target or "the embedded stack"))
    shared = Gate(wish.profile, wish.load, wish.yes, wish.timeout_s, wish.target, wish.target_options)
    steps = [step for step in STEPS if wish.target is None or not step.embedded]
    listed = [*((step.name, step.does) for step in steps), ("readiness", f"profile {wish.profile}")]
    with progress(screen(), listed) as shown:
        outcomes = _walk(steps, shared, wish, shown)
        judged = _judge(shared, wish, shown)
    watch.target = str(shared.target or watch.target)
    findings = [_finding(step, outcomes[step.name]) for step in steps]
    facts: Mapping[str, Any] = judged.facts if judged else {"profile": wish.profile}
    if judged:
        findings += judged.findings
    findings += _floor(wish, facts)
    report = watch.report(findings, {**facts, "steps": _told(outcomes)})
    if shared.target:
        evidence.record(report, shared.target)
    return report


def _walk(steps: Sequence[Step], shared: Gate, wish: Wish, shown: Progress) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    for step in steps:
        outcome = _excused(step, outcomes, wish)
        if outcome is None:
            shown.begin(step.name)
            outcome = _try(step, shared, shown)
        outcomes[step.name] = outcome
        shown.end(step.name, outcome)
    return outcomes


def _excused(step: Step, outcomes: Mapping[str, Outcome], wish: Wish) -> Outcome | None:
    """Why a step is not run: the person said so, or what it needs did not come about."""
    if step.name in wish.skip:
        return Outcome(Status.SKIP, "left out by --skip")
    for need in step.needs:
        if need in outcomes and outcomes[need].status not in {*SETTLED, Status.SKIP}:
            return Outcome(Status.INCONCLUSIVE, f"not reached: `{need}` did not succeed", f"mend `{need}` first")
    return None


def _try(step: Step, shared: Gate, shown: Progress) -> Outcome:
    try:
        return step.work(shared, shown.say)
    except OperatorError as error:
        return front.refused(error)


def _judge(shared: Gate, wish: Wish, shown: Progress) -> Report | None:
    if "readiness" in wish.skip:
        shown.end("readiness", Outcome(Status.SKIP, "left out by --skip"))
        return None
    if shared.target is None:
        shown.end("readiness", Outcome(Status.INCONCLUSIVE, "not reached: there is no system"))
        return None
    shown.begin("readiness")
    report = asyncio.run(
        readiness(shared.target, wish.profile, timeout_s=wish.timeout_s, waiver_file=wish.waivers, told=shown.say)
    )
    report = with_earlier(report, shared.target, evidence.record(report, shared.target))
    score = report.facts["score"]
    status = Status[report.verdict.name]
    line = f"{_done(report)} of 11 items, score {score['points']}, coverage {score['coverage']} %"
    shown.end("readiness", Outcome(status, line))
    return report


def _done(report: Report) -> int:
    return sum(line["status"] is Status.PASS for line in report.facts["checklist"])


def _finding(step: Step, outcome: Outcome) -> Finding:
    return Finding(
        f"gate.{step.name}",
        outcome.status,
        step.does,
        outcome.line,
        "succeeds",
        outcome.evidence,
        outcome.advice or ("" if outcome.status in SETTLED else f"payaidctl {step.name}"),
    )


def _floor(wish: Wish, facts: Mapping[str, Any]) -> list[Finding]:
    """--fail-under: a score below the floor fails; a score that is not there is none."""
    if not wish.fail_under:
        return []
    points = facts.get("score", {}).get("points")
    title, expected = "Is the score high enough?", f"at least {wish.fail_under} (--fail-under)"
    if points is None:
        return [Finding("gate.score", Status.INCONCLUSIVE, title, "no score", expected)]
    status = Status.PASS if points >= wish.fail_under else Status.FAIL
    return [Finding("gate.score", status, title, f"{points}", expected)]


def _told(outcomes: Mapping[str, Outcome]) -> list[dict[str, str]]:
    return [{"step": name, "status": outcome.status.value, "line": outcome.line} for name, outcome in outcomes.items()]


def page_path() -> Path:
    """Where a run's page goes when nobody names a file."""
    return state_dir() / "reports" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-gate.html"
