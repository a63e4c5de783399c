"""The gate: steps that need what failed are not reached, an interrupt undoes what was started, exit codes hold."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from payaidctl.errors import UsageError
from payaidctl.finding import ExitStatus, Status
from payaidctl.gate import bring, front, run
from payaidctl.gate.progress import progress
from payaidctl.gate.step import Gate, Outcome, Say, Step
from payaidctl.target import Target

SYSTEM = Target({"JWT_SECRET": "short"}, "a test")


def step(name: str, outcome: Outcome | type[BaseException], *needs: str) -> Step:
    def work(gate: Gate, say: Say) -> Outcome:
        if not isinstance(outcome, Outcome):
            raise outcome
        return outcome

    return Step(name, f"does {name}", work, needs)


def wish(*skip: str, fail_under: int = 0) -> run.Wish:
    return run.Wish("ci", "1k", ("readiness", *skip), fail_under, target=SYSTEM)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Callable[..., None]:
    monkeypatch.setenv("PAYAID_STATE", str(tmp_path))

    def put(*chosen: Step) -> None:
        monkeypatch.setattr(run, "STEPS", chosen)
        monkeypatch.setattr(run, "NAMES", (*(one.name for one in chosen), "readiness"))

    return put


def test_a_failure_keeps_what_needs_it_from_being_tried(steps: Callable[..., None]) -> None:
    steps(
        step("up", Outcome(Status.PASS, "fine")),
        step("seed", Outcome(Status.FAIL, "no disk", "make room"), "up"),
        step("warm", Outcome(Status.PASS, "never"), "seed"),
        step("ping", Outcome(Status.PASS, "fine"), "up"),
    )
    report = run.gate(wish())
    told = {one.id: (one.status, one.observed) for one in report.findings}
    assert told["gate.seed"] == (Status.FAIL, "no disk")
    assert told["gate.warm"] == (Status.INCONCLUSIVE, "not reached: `seed` did not succeed")
    assert told["gate.ping"][0] is Status.PASS
    assert report.exit_status == ExitStatus.FAIL


def test_a_skipped_step_is_shown_and_keeps_nothing_back(steps: Callable[..., None]) -> None:
    steps(step("up", Outcome(Status.PASS, "")), step("ping", Outcome(Status.PASS, ""), "up"))
    report = run.gate(wish("up"))
    assert [one.status for one in report.findings] == [Status.SKIP, Status.PASS]


def test_an_unknown_step_to_skip_is_a_usage_error(steps: Callable[..., None]) -> None:
    steps(step("up", Outcome(Status.PASS, "")))
    with pytest.raises(UsageError, match="no step `pu`"):
        run.gate(wish("pu"))


def test_a_floor_without_a_score_is_no_pass(steps: Callable[..., None]) -> None:
    steps(step("up", Outcome(Status.PASS, "")))
    assert run.gate(wish(fail_under=90)).exit_status == ExitStatus.INCONCLUSIVE


def test_an_interrupt_stops_what_this_run_started(steps: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[frozenset[str]] = []
    monkeypatch.setattr(bring, "running", lambda: frozenset({"queue"}))
    monkeypatch.setattr(bring, "stop_what_we_started", lambda before, say: stopped.append(before))
    steps(step("up", KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run.gate(run.Wish("ci", "1k", target=None))
    assert stopped == [frozenset({"queue"})]


def test_an_interrupt_inside_another_command_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("payaidctl.readiness.listing.listing", broken_off)
    with pytest.raises(KeyboardInterrupt):
        front.run(("checks",), lambda _: None)


def test_another_command_is_run_by_its_own_door() -> None:
    heard: list[str] = []
    answer = front.run(("checks", "--area", "queue"), heard.append)
    assert answer.exit_status == 0
    assert answer.report["command"] == "checks"
    assert answer.outcome().line == answer.counted()


def test_the_worst_finding_tells_why_a_command_failed() -> None:
    findings = [
        {"id": "a.b", "status": "inconclusive", "observed": "dark", "advice": "light"},
        {"id": "a.c", "status": "fail", "observed": "bad", "advice": "mend it"},
        {"id": "a.d", "status": "fail", "observed": "bad", "advice": ""},
    ]
    outcome = front.Answer(1, {"findings": findings}).outcome("fine")
    assert (outcome.status, outcome.line, outcome.advice) == (Status.FAIL, "a.c: bad (and 1 more)", "mend it")


def test_an_ear_passes_whole_lines_on() -> None:
    heard: list[str] = []
    ear = front.Hearing(heard.append)
    for part in ("a", "b\nc", "\r\n", "  \n", "d"):
        ear.write(part)
    assert heard == ["ab", "c"]


@pytest.mark.parametrize("terminal", [True, False])
def test_the_list_shows_every_step_on_a_terminal_and_in_a_log(terminal: bool) -> None:
    screen = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with progress(screen, [("up", "data"), ("seed", "rows")]) as shown:
        shown.begin("up")
        shown.say("primary ...")
        shown.end("up", Outcome(Status.PASS, "13 ready"))
        shown.end("seed", Outcome(Status.SKIP, "left out"))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "13 ready" in text
    assert "left out" in text
    assert ("\x1b" in text) == terminal
