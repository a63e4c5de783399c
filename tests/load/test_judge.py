"""The verdict's honesty, on samples made by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from payaidctl.finding import Finding, Report, Status, Stopwatch, Verdict
from payaidctl.load import conformance, profile
from payaidctl.load.conformance import Note
from payaidctl.load.judge import Conditions, judge
from payaidctl.load.measure import Measures, Step
from payaidctl.load.sample import Cache, Sample, Wrong
from payaidctl.load.threshold import Threshold, parse
from payaidctl.load.watch.postgres import is_read

STEPS = [Step("contacts list", "list", False), Step("invoice detail", "detail", False), Step("noise", "noisy", True)]
SOUND = Conditions(users_wanted=20, users_reached=20, users_least=20, cpu={"0": [40.0] * 30})


def sample(took_ms: float = 10, name: int = 0, wrong: int = 0, status: int = 200, overslept_ms: float = 0) -> Sample:
    return Sample(
        0, int(overslept_ms * 1000), int(overslept_ms * 1000), int(took_ms * 1000), name, status, 0, wrong, Cache.L1
    )


def thresholds(*lines: str) -> list[Threshold]:
    return [parse(line, [step.name for step in STEPS], ["list", "detail", "noisy"]) for line in lines]


def verdict(
    samples: Sequence[Sample], *lines: str, conditions: Conditions = SOUND
) -> tuple[Report, dict[str, Finding]]:
    measures = Measures(samples, STEPS, 60, conditions.users_least, 9, {}, {})
    findings = judge(profile.load("smoke"), thresholds(*lines), measures, conditions)
    return Stopwatch("loadtest", "test").report(findings), {finding.id: finding for finding in findings}


def test_what_the_cache_answered_is_told_apart_from_all_else() -> None:
    hits = [sample(5)._replace(cache=cache) for cache in (Cache.L1, Cache.L2, Cache.STALE)] * 100
    others = [sample(300)._replace(cache=cache) for cache in (Cache.MISS, Cache.BYPASS, Cache.SILENT)] * 10
    beside = [sample(9000, name=2)._replace(cache=Cache.MISS)] * 50
    report, found = verdict([*hits, *others, *beside], "p95-cached < 150 ms", "p95-uncached < 250 ms")
    assert found["loadtest.p95-cached"].status is Status.PASS
    assert found["loadtest.p95-uncached"].observed == "300 ms"
    assert report.verdict is Verdict.FAIL
    _, alone = verdict(hits, "p95-uncached < 250 ms")
    assert alone["loadtest.p95-uncached"].status is Status.INCONCLUSIVE


@pytest.mark.parametrize(("p95", "expected"), [(498, Verdict.PASS), (502, Verdict.FAIL)])
def test_two_milliseconds_decide(p95: float, expected: Verdict) -> None:
    samples = [sample(100)] * 940 + [sample(p95)] * 30 + [sample(900)] * 30
    report, found = verdict(samples, "p95 < 500 ms")
    assert report.verdict is expected
    assert found["loadtest.p95"].observed == f"{p95} ms"


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"cpu": {"0": [95.0] * 30}}, "loadtest.generator-cpu"),
        ({"cpu": {}}, "loadtest.generator-cpu"),
        ({"lost": ["generator process 1 ended with status -9"]}, "loadtest.workers"),
        ({"clock_step_s": 2.0}, "loadtest.clock"),
        ({"users_least": 19}, "loadtest.users"),
        ({"users_reached": 12}, "loadtest.users"),
        ({"restarted": ["service"]}, "loadtest.server-restarts"),
        ({"broken": ["SalesRep: KeyError: 'id'"]}, "loadtest.scenario"),
    ],
)
def test_an_unsound_run_claims_nothing(change: dict[str, object], finding: str) -> None:
    for took in (100, 900):
        report, found = verdict([sample(took)] * 100, "p95 < 500 ms", conditions=replace(SOUND, **change))
        assert report.verdict is Verdict.INCONCLUSIVE
        assert found[finding].status is Status.INCONCLUSIVE
        assert found["loadtest.p95"].status is Status.INCONCLUSIVE


def test_a_starved_generator_is_told_by_its_own_delay() -> None:
    samples = [sample(100)] * 95 + [sample(100, overslept_ms=400)] * 5
    report, found = verdict(samples, "p95 < 500 ms")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "p99 400 ms" in found["loadtest.generator-delay"].observed


def test_errors_that_the_server_sent_stay_errors_on_an_unsound_run() -> None:
    samples = [sample()] * 90 + [sample(wrong=Wrong.STATUS, status=500)] * 10
    report, _ = verdict(samples, "errors < 0.1 %", conditions=replace(SOUND, lost=["one"]))
    assert report.verdict is Verdict.FAIL


def test_what_passes_beside_other_programs_passes_and_what_fails_is_not_proven() -> None:
    crowded = replace(SOUND, strangers=45.0)
    report, found = verdict([sample(100)] * 100, "p95 < 500 ms", conditions=crowded)
    assert report.verdict is Verdict.PASS
    assert found["loadtest.machine"].status is Status.WARN
    assert verdict([sample(900)] * 100, "p95 < 500 ms", conditions=crowded)[0].verdict is Verdict.INCONCLUSIVE


def test_timeouts_may_be_a_frozen_generators_own() -> None:
    samples = [sample()] * 90 + [sample(wrong=Wrong.TIMEOUT, status=0)] * 10
    assert verdict(samples, "errors < 0.1 %")[0].verdict is Verdict.FAIL
    report, _ = verdict(samples, "errors < 0.1 %", conditions=replace(SOUND, lost=["one"]))
    assert report.verdict is Verdict.INCONCLUSIVE


def test_one_failing_endpoint_in_a_thousand_is_named() -> None:
    samples = [sample()] * 9_990 + [sample(name=1)] * 9 + [sample(name=1, wrong=Wrong.STATUS, status=503)]
    report, found = verdict(samples, "errors < 0.1 %")
    assert report.verdict is Verdict.PASS  # one in ten thousand is under the threshold, but it is not hidden
    named = found["loadtest.failing.invoice-detail"]
    assert named.status is Status.WARN
    assert named.observed == "1 x status 503"
    assert verdict(samples, "errors[invoice detail] < 0.1 %")[0].verdict is Verdict.FAIL


def test_what_is_judged_apart_is_not_in_the_figures() -> None:
    samples = [sample(10)] * 50 + [sample(5000, name=2, wrong=Wrong.REFUSED, status=429)] * 50
    assert verdict(samples, "p95 < 500 ms", "errors < 0.1 %")[0].verdict is Verdict.PASS


def test_what_nobody_watched_is_not_passed() -> None:
    report, found = verdict([sample()] * 10, "primary-reads < 20 %")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "not watched" in found["loadtest.primary-reads"].observed


def test_a_run_without_requests_is_not_passed() -> None:
    assert verdict([], "p95 < 500 ms", "errors < 1 %")[0].verdict is Verdict.INCONCLUSIVE


def notes(admitted: int, refused: int = 5, minute: int = 100, told: str = "30", waited: bool = False) -> list[Note]:
    start = minute * 60.0
    found = [Note(start + 0.01 * n, start + 0.01 * n + 0.005, 200, "", waited and n == 0) for n in range(admitted)]
    return found + [Note(start + 20 + n, start + 20.1 + n, 429, told, False) for n in range(refused)]


def statuses(found: list[Finding]) -> dict[str, Status]:
    return {finding.id.removeprefix("loadtest.limiter."): finding.status for finding in found}


def test_the_limiter_kept_its_word() -> None:
    found = statuses(conformance.judge(notes(200) + notes(196, minute=101, waited=True), 200, 0.0))
    assert found == {"never-over": Status.PASS, "retry-after": Status.PASS, "not-early": Status.PASS}


def test_one_too_many_in_a_minute_fails() -> None:
    assert statuses(conformance.judge(notes(201), 200, 0.0))["never-over"] is Status.FAIL
    # Without Redis the limiter fails open, as it says; that is no proof against its arithmetic, nor for it.
    assert statuses(conformance.judge(notes(201), 200, 0.0, degraded=3))["never-over"] is Status.INCONCLUSIVE


def test_a_request_across_the_boundary_is_no_evidence() -> None:
    edge = [Note(6_059.99, 6_060.01, 200, "", False)]
    assert statuses(conformance.judge(notes(200) + edge, 200, 0.0))["never-over"] is Status.PASS


def test_windows_are_those_of_redis_clock() -> None:
    """A clock 30 s ahead puts what we saw in one minute into two of its own."""
    split = [Note(6_000 + 0.25 * n, 6_000.05 + 0.25 * n, 200, "", False) for n in range(230)]
    late = [Note(6_059, 6_059.1, 429, "1", False)]
    assert statuses(conformance.judge(split + late, 200, 0.0))["never-over"] is Status.FAIL
    assert statuses(conformance.judge(split + late, 200, 30.0))["never-over"] is Status.PASS


def test_a_refusal_without_retry_after_or_after_waiting_fails() -> None:
    assert statuses(conformance.judge(notes(200, told=""), 200, 0.0))["retry-after"] is Status.FAIL
    broken = [*notes(200), Note(6_061.0, 6_061.1, 429, "59", True)]
    assert statuses(conformance.judge(broken, 200, 0.0))["retry-after"] is Status.FAIL


def test_refusing_early_fails_and_never_refusing_proves_nothing() -> None:
    found = conformance.judge(notes(200) + notes(120, minute=101), 200, 0.0)
    assert statuses(found)["not-early"] is Status.FAIL
    assert statuses(conformance.judge(notes(50, refused=0), 200, 0.0))["never-over"] is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("query", "read"),
    [
        (
            "WITH tenant AS MATERIALIZED (SELECT set_config($1, $2, true) AS id) SELECT (SELECT x FROM a) FROM tenant",
            True,
        ),
        ('SELECT id FROM "User" WHERE email = $1', True),
        ("SELECT pg_current_wal_insert_lsn()", False),
        ("SELECT $1", False),
        ('SELECT id FROM "Deal" WHERE id = $1 FOR UPDATE', False),
        ("SELECT (pg_logical_emit_message($1, $2, $3) - $4::pg_lsn)::int8", False),
        ("SELECT * FROM payaid.jobs_take($1, $2)", False),
        ("SELECT set_config($1, $2, true)", False),
        ('INSERT INTO "Deal" (name) SELECT $1', False),
        ('WITH gone AS (DELETE FROM "Deal" RETURNING id) SELECT * FROM gone', False),
        ("LISTEN payaid_change", False),
    ],
)
def test_which_statements_are_reads(query: str, read: bool) -> None:
    assert is_read(query) is read
