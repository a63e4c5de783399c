"""What a load test left on file, as readiness reads it: judged from samples, recorded, found on its own system."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from payaidctl import evidence
from payaidctl.finding import Status, Stopwatch
from payaidctl.load import profile
from payaidctl.load.judge import Conditions, judge
from payaidctl.load.measure import Measures, Step, summary
from payaidctl.load.sample import Cache, Sample, Wrong
from payaidctl.load.threshold import parse
from payaidctl.target import Target
from tests.readiness.look import asked

ENV = {"API_URL": "http://127.0.0.1:9", "REDIS_URL": "redis://127.0.0.1:9"}
STEPS = [Step("contacts list", "list", False)]
LINES = ("p95 < 500 ms", "errors < 0.1 %", "hit-rate > 70 %")
REAL = {"load.errors", "load.hit_rate", "load.p95", "load.p95_cached", "load.p95_uncached", "load.passed"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAYAID_STATE", str(tmp_path))
    return tmp_path


def sample(took_ms: float = 8.0, cache: Cache = Cache.L1, wrong: Wrong = Wrong.NOTHING) -> Sample:
    return Sample(0, 0, 0, int(took_ms * 1000), 0, 500 if wrong else 200, 0, wrong, cache)


def keep(samples: list[Sample], users: int = 10_000, cpu: float = 40.0) -> Path:
    """Judge these samples as a load test would, and leave the evidence of it."""
    measures = Measures(samples, STEPS, 60, users, 9, {}, {})
    conditions = Conditions(users, users, users, cpu={"0": [cpu] * 30})
    found = judge(
        profile.load("smoke"), [parse(line, ["contacts list"], ["list"]) for line in LINES], measures, conditions
    )
    facts: dict[str, Any] = {"run": "r1", "usersWanted": users, "users": users, "metrics": summary(measures)}
    return evidence.record(Stopwatch("loadtest", "a test").report(found, facts), Target(ENV, "a test"))


def told(profile_: str = "optimised", env: Mapping[str, str] = ENV) -> dict[str, Status]:
    return {one: asked(one, env, profile_).status for one in sorted(REAL)}


GOOD = [sample()] * 900 + [sample(40.0, Cache.MISS)] * 100


def test_a_good_run_passes_every_question_of_it() -> None:
    keep(GOOD)
    assert set(told().values()) == {Status.PASS}


@pytest.mark.parametrize(
    ("samples", "failing"),
    [
        ([*GOOD, *[sample(wrong=Wrong.STATUS)] * 5], {"load.errors", "load.passed"}),
        (GOOD[:500] + [sample(20.0, Cache.MISS)] * 500, {"load.hit_rate", "load.passed"}),
        (GOOD[300:] + [sample(900.0)] * 300, {"load.p95", "load.p95_cached", "load.passed"}),
        (GOOD[100:] + [sample(170.0)] * 100, {"load.p95_cached"}),
        (GOOD[:990] + [sample(450.0, Cache.MISS)] * 10, {"load.p95_uncached"}),
    ],
)
def test_each_weakness_fails_its_own_question(samples: list[Sample], failing: set[str]) -> None:
    keep(samples)
    found = told()
    assert {one for one, status in found.items() if status is Status.FAIL} == failing
    assert all(status is Status.PASS for one, status in found.items() if one not in failing)


def test_a_starved_generator_is_no_verdict() -> None:
    keep(GOOD, cpu=99.0)
    assert told()["load.p95"] is Status.INCONCLUSIVE
    assert told()["load.passed"] is Status.INCONCLUSIVE


def test_too_few_users_another_system_and_an_old_run_are_no_evidence() -> None:
    path = keep(GOOD, users=1_000)
    assert told("ci")["load.p95"] is Status.PASS
    assert told("roadmap")["load.p95"] is Status.INCONCLUSIVE, "of 1,000 users"
    assert told("ci", {**ENV, "REDIS_URL": "redis://127.0.0.1:10"})["load.p95"] is Status.INCONCLUSIVE
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"takenAt": (datetime.now(UTC) - timedelta(days=8)).isoformat()}))
    assert told("ci")["load.p95"] is Status.INCONCLUSIVE
