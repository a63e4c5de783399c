"""The page shows the runs before this one on the same system, and who answers for what was waived."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from payaidctl import evidence
from payaidctl.finding import Finding, Report, Status
from payaidctl.readiness.earlier import line, with_earlier
from payaidctl.readiness.waivers import Waiver, apply
from payaidctl.target import Target
from payaidctl.tell.html import render

HERE = Target({"API_URL": "http://127.0.0.1:1"}, "a test")
THERE = Target({"API_URL": "http://127.0.0.1:2"}, "another")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYAID_STATE", str(tmp_path))


def run(points: int, findings: list[Finding] | None = None, *, complete: bool = True) -> Report:
    score = {"points": points, "coverage": 90, "blockers": ["queue.workers"], "failed": 1, "inconclusive": 0,
             "waived": 0, "skipped": 0, "ready": False}  # fmt: skip
    item = {"number": 1, "title": "t", "status": Status.PASS, "observed": "o", "expected": "e", "advice": ""}
    facts: dict[str, Any] = {"profile": "ci", "score": score, "load": {}} | ({"checklist": [item]} if complete else {})
    return Report("readiness", "x", findings or [], datetime.now(UTC), 5, facts)


def test_runs_on_the_same_system_are_told_oldest_first_without_this_one() -> None:
    for points in (40, 60):
        evidence.record(run(points), HERE)
    evidence.record(run(1), THERE)
    evidence.record(run(2, complete=False), HERE)
    now = run(80)
    told = with_earlier(now, HERE, evidence.record(now, HERE))
    assert [row["points"] for row in told.facts["earlier"]] == [40, 60]
    page = render(told)
    assert "Earlier runs" in page
    assert page.index("<td>60</td>") < page.index("<td>40</td>")
    assert line(told.facts["earlier"], 80) in page


def test_a_first_run_has_no_history_and_says_nothing() -> None:
    now = run(80)
    page = render(with_earlier(now, HERE, evidence.record(now, HERE)))
    assert "Earlier runs" not in page
    assert "<h2>Waived" not in page


def test_only_the_newest_are_shown() -> None:
    for points in range(20):
        evidence.record(run(points), HERE)
    now = run(99)
    told = with_earlier(now, HERE, evidence.record(now, HERE)).facts["earlier"]
    assert [row["points"] for row in told] == list(range(8, 20))


def test_the_line_runs_from_the_oldest_to_now() -> None:
    assert line([], 50) == "0.0,30.0"
    assert line([{"points": 0}, {"points": None}], 100) == "0.0,60.0 340.0,0.0"


def test_waived_items_name_who_answers_until_when_and_why() -> None:
    found = [Finding("pooler.in_front", Status.FAIL, "Is there a pooler?", "none", evidence={"weight": 3})]
    waiver = Waiver("pooler.in_front", "it comes with the <move>", "ravi", date(2099, 5, 31))
    page = render(run(50, apply(found, {"pooler.in_front": waiver}, date(2026, 1, 1))))
    shown = page[page.index("<h2>Waived") : page.index("<h2>Findings")]
    for told in ("pooler.in_front", "ravi", "2099-05-31", "it comes with the &lt;move&gt;", ">fail<"):
        assert told in shown
