"""The score hides nothing: blockers apart, could-not-look is no pass, an empty run is not ready, waivers end."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from payaidctl.errors import UsageError
from payaidctl.evidence import Evidence
from payaidctl.finding import ExitStatus, Finding, Status, Stopwatch
from payaidctl.probes import load
from payaidctl.readiness import waivers
from payaidctl.readiness.catalogue import checklist
from payaidctl.readiness.items import lines
from payaidctl.readiness.run import conclude
from payaidctl.readiness.score import score

P, F, W, S, INC, WAIVED = (
    Status.PASS, Status.FAIL, Status.WARN, Status.SKIP, Status.INCONCLUSIVE, Status.WAIVED
)  # fmt: skip


def one(status: Status, weight: int = 1, severity: str = "major", item: int | None = None) -> Finding:
    evidence = {"weight": weight, "severity": severity} | ({"item": item} if item else {})
    return Finding(f"a.{status}{weight}", status, "?", "seen", "wanted", evidence, "mend")


@pytest.mark.parametrize(
    ("findings", "points", "coverage", "ready"),
    [
        ([], 0, 0, False),
        ([one(S)], 0, 0, False),
        ([one(P)], 100, 100, True),
        ([one(P, 3), one(S, 5)], 100, 100, True),
        ([one(P, 3), one(F, 1)], 75, 100, False),
        ([one(P, 3), one(INC, 1)], 75, 75, False),
        ([one(P, 3), one(W, 1)], 75, 100, True),
        ([one(P, 3), one(WAIVED, 1)], 75, 100, True),
        ([one(INC)], 0, 0, False),
        ([one(P, 999), one(F, 1)], 99, 100, False),
    ],
)
def test_points_and_coverage(findings: list[Finding], points: int, coverage: int, ready: bool) -> None:
    found = score(findings)
    assert (found.points, found.coverage, found.ready) == (points, coverage, ready)


def test_a_failed_blocker_is_named_whatever_the_points() -> None:
    found = score([one(P, 9, "major"), one(F, 1, "blocker")])
    assert found.blockers == ("a.fail1",)


def test_each_item_is_as_good_as_its_worst_check_and_a_skip_is_not_done() -> None:
    found = [one(P, item=1), one(F, item=1), one(P, item=2), one(S, item=2), one(S, item=3), one(INC, item=4)]
    told = {line.number: line.status for line in lines(checklist(), found)}
    assert [told[number] for number in (1, 2, 3, 4, 5)] == [F, P, INC, INC, INC]


def test_a_blocker_that_nobody_looked_at_leaves_its_item_open() -> None:
    """Rate limiting is not tested with real traffic by a switch that stands at its default."""
    found = [one(P, item=4), one(S, severity="blocker", item=4), one(F, item=5), one(S, severity="blocker", item=5)]
    told = {line.number: line.status for line in lines(checklist(), found)}
    assert (told[4], told[5]) == (INC, F)


@pytest.mark.parametrize(
    ("status", "exit_status"),
    [(P, ExitStatus.PASS), (F, ExitStatus.FAIL), (S, ExitStatus.INCONCLUSIVE), (WAIVED, ExitStatus.PASS)],
)
def test_the_verdict_follows_the_items(status: Status, exit_status: ExitStatus) -> None:
    found = [one(status if number == 3 else P, item=number) for number in range(1, 12)]
    report = conclude(Stopwatch("readiness", "x"), found, "ci", complete=True, load={})
    assert report.exit_status == exit_status
    assert [finding.id for finding in report.findings[:2]] == ["checklist.01", "checklist.02"]


def waiver_file(folder: Path, text: str) -> Path:
    path = folder / "payaid-waivers.yaml"
    path.write_text(text)
    return path


ENTRY = "waivers:\n  - {check: a.fail1, reason: the move is in May, owner: ravi, until: 2026-05-31}\n"


def test_a_waiver_holds_until_its_day_and_no_longer(tmp_path: Path) -> None:
    allowed = waivers.load(waiver_file(tmp_path, ENTRY), ["a.fail1"])
    (held,) = waivers.apply([one(F)], allowed, date(2026, 5, 31))
    assert held.status is WAIVED
    assert "ravi: the move is in May" in held.observed
    (ended,) = waivers.apply([one(F)], allowed, date(2026, 6, 1))
    assert ended.status is F
    assert "expired on 2026-05-31" in ended.observed
    assert waivers.apply([one(P)], {"a.pass1": allowed["a.fail1"]}, date(2026, 5, 1))[0].status is P


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a.fail1", "a.nothing", ":2: no check `a.nothing`"),
        ("owner: ravi, ", "", ":2: a waiver states"),
        ("owner: ravi", "owner: ''", ":2: a waiver without owner"),
        ("2026-05-31", "soon", ":2: `soon` is no day"),
        ("waivers:", "waiver:", ":1: `waivers` is not a list"),
    ],
)
def test_a_waiver_without_its_facts_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        waivers.load(waiver_file(tmp_path, ENTRY.replace(old, new)), ["a.fail1"])
    assert told in str(error.value)


def run(verdict: str, statuses: dict[str, str], **metrics: float) -> Evidence:
    findings = [{"id": name, "status": status, "observed": "seen"} for name, status in statuses.items()]
    facts = {"usersWanted": 1000, "metrics": metrics, "run": "1k-x"}
    taken = datetime.now(UTC) - timedelta(hours=2)
    return Evidence("loadtest", verdict, taken, "s", "c", "d", findings, facts, Path("x.json"))


def test_a_starved_generator_says_nothing_of_latency_but_errors_stay_errors() -> None:
    starved = {"loadtest.generator-cpu": "inconclusive"}
    told = load.judgeable(run("inconclusive", starved, p95=20.0, errors=0.0))
    assert (told["verdict"], told["metrics"]["p95"], told["metrics"]["errors"]) == (None, None, None)
    told = load.judgeable(run("fail", starved, p95=20.0, errors=3.0))
    assert (told["verdict"], told["metrics"]["p95"], told["metrics"]["errors"]) == ("fail", None, 3.0)
    told = load.judgeable(run("inconclusive", {"loadtest.p95": "inconclusive"}, p95=900.0, errors=0.0))
    assert (told["metrics"]["p95"], told["metrics"]["errors"], told["in_doubt"]) == (None, 0.0, ["loadtest.p95 seen"])
    told = load.judgeable(run("pass", {}, p95=20.0, errors=0.0))
    assert (told["verdict"], told["metrics"]["p95"], told["age_h"]) == ("pass", 20.0, 2.0)
