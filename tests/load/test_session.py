"""Whole runs: real Locust processes against a stub server that misbehaves as it is told."""

import asyncio
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Report, Status, Verdict
from payaidctl.load.compare import compare, load
from payaidctl.load.quantile import quantile
from payaidctl.load.sample import Wrong, read, within
from payaidctl.load.session import Options, Session
from tests.fixtures.load import Rehearsal

Start = Callable[..., str]
Rehearse = Callable[[str], Rehearsal]


def by_id(report: Report) -> dict[str, Finding]:
    return {finding.id: finding for finding in report.findings}


def result(session: Session) -> dict[str, object]:
    document: dict[str, object] = json.loads((session.folder / "result.json").read_text(encoding="utf-8"))
    return document


def test_a_sound_run_passes_and_leaves_its_evidence(stub: Start, rehearse: Rehearse) -> None:
    rehearsal = rehearse(stub())
    report = rehearsal(mix={"sales_rep": "50 %", "accountant": "15 %", "manager": "10 %", "mobile": "15 %",
                            "integration": "10 %"}, users=20)  # fmt: skip
    assert report.verdict is Verdict.PASS, [f for f in report.findings if f.status is not Status.PASS]
    facts = report.facts
    assert facts["users"] == facts["usersWanted"] == 20
    assert facts["watched"]["service"]["requests"] > 0
    # What the verdict says is what the raw samples say, worked out once more.
    session = rehearsal.session
    document = json.loads((session.folder / "result.json").read_text(encoding="utf-8"))
    window = document["window"]
    plateau = within(read(session.folder), round(window["start"] * 1e6), round(window["end"] * 1e6))
    ordered = sorted(sample.late + sample.took for sample in plateau)
    assert facts["metrics"]["p95"] == quantile(ordered, 0.95) / 1000
    # Every answer that the stub counted in the plateau is a sample, give or take the edges of the window.
    assert abs(facts["watched"]["service"]["requests"] - len(plateau)) <= 5
    assert "<svg" in (session.folder / "report.html").read_text(encoding="utf-8")
    assert not (session.folder / "plan.json").exists()  # it held tokens


def test_a_typo_is_an_error_before_any_load(stub: Start, rehearse: Rehearse) -> None:
    rehearsal = rehearse(stub())
    with pytest.raises(UsageError, match=r"rehearsal\.yaml:\d+: thresholds: `p59` is no metric"):
        rehearsal(thresholds=["p59 < 500 ms"])
    with pytest.raises(UsageError, match="there is no scenario `sales_rap`"):
        rehearsal(mix={"sales_rap": "100 %"})
    assert not rehearsal.session.folder.exists()


def test_one_failing_endpoint_is_found_and_named(stub: Start, rehearse: Rehearse) -> None:
    report = rehearse(stub(fail="/api/v1/crm/products:4"))()
    assert report.verdict is Verdict.FAIL
    found = by_id(report)
    assert found["loadtest.errors"].status is Status.FAIL
    assert "status 500" in found["loadtest.failing.products-list"].observed
    assert [name for name in found if name.startswith("loadtest.failing.")] == ["loadtest.failing.products-list"]


def test_another_tenants_row_is_an_error(stub: Start, rehearse: Rehearse) -> None:
    rehearsal = rehearse(stub(foreign="tenant-99"))
    report = rehearsal(plateau="1 s")
    assert report.verdict is Verdict.FAIL
    mistakes = (rehearsal.session.folder / "mistakes-0.jsonl").read_text(encoding="utf-8")
    assert "a row of tenant tenant-99" in mistakes


def test_a_killed_worker_makes_the_run_inconclusive(stub: Start, rehearse: Rehearse) -> None:
    rehearsal = rehearse(stub())
    session = rehearsal.prepare(Options(processes=2), plateau="10 s")

    async def play() -> Report:
        running = asyncio.create_task(session.run())
        while session.now.phase != "plateau":
            assert not running.done(), running.result()
            await asyncio.sleep(0.05)
        session.crew.processes["1"].kill()
        return await running

    report = asyncio.run(play())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "process 1 ended with status -9" in by_id(report)["loadtest.workers"].observed


def test_a_starved_generator_makes_the_run_inconclusive(stub: Start, rehearse: Rehearse) -> None:
    """Stopped four fifths of the time: its users wake late, which is not the server's fault."""
    session = rehearse(stub()).prepare()
    over = threading.Event()

    def starve() -> None:
        while not over.is_set():
            process = session.crew.processes.get("0")
            if process and session.now.phase == "plateau" and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):  # it may end between the look and the signal
                    os.kill(process.pid, signal.SIGSTOP)
                    time.sleep(0.4)
                    os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.1)

    thread = threading.Thread(target=starve)
    thread.start()
    try:
        report = asyncio.run(session.run())
    finally:
        over.set()
        thread.join()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert by_id(report)["loadtest.generator-delay"].status is Status.INCONCLUSIVE


def test_a_stall_of_the_server_is_seen_corrected(stub: Start, rehearse: Rehearse) -> None:
    rehearsal = rehearse(stub(stall="2.5:2"))
    report = rehearsal(plateau="6 s", thresholds=["p95 < 400 ms", "max-raw < 3 s"])
    found = by_id(report)
    assert report.verdict is Verdict.FAIL
    assert found["loadtest.p95"].status is Status.FAIL
    metrics = report.facts["metrics"]
    assert 1_500 < metrics["max-raw"] < 2_300
    # Users who ask every 0.2 s were held for up to 2 s: raw, one slow answer each; corrected, ten late ones.
    assert metrics["p95"] > 1_000
    assert metrics["p75"] > 4 * metrics["p75-raw"]


def test_the_noisy_tenant_is_judged_apart(stub: Start, rehearse: Rehearse) -> None:
    """The greedy limiter lets more through than the basic tier's 200 a minute."""
    url = stub(limit="tenant-0:200", greedy="40")
    report = rehearse(url)(noisy=70, plateau="4 s", ramp="100 /s")
    found = by_id(report)
    if len(found["loadtest.limiter.never-over"].evidence["admitted"]) == 1:
        assert found["loadtest.limiter.never-over"].status is Status.FAIL
    assert found["loadtest.errors"].status is Status.PASS  # the earned 429s are nobody's errors
    assert found["loadtest.p95"].status is Status.PASS


def test_an_abort_condition_ends_the_run_and_fails_it(stub: Start, rehearse: Rehearse) -> None:
    began = time.monotonic()
    report = rehearse(stub(fail="/api/v1/crm/products:1"))(plateau="60 s", abort=["errors > 5 % for 2 s"])
    assert report.verdict is Verdict.FAIL
    assert by_id(report)["loadtest.abort"].observed == "errors > 5 % for 2 s"
    assert time.monotonic() - began < 30


def test_a_server_that_hangs_leaves_timeouts_and_waiting_turns(stub: Start, rehearse: Rehearse) -> None:
    rehearsal = rehearse(stub(stall="1.5:60"))
    report = rehearsal(plateau="4 s", timeout="1 s")
    kinds = {Wrong(sample.wrong) for sample in read(rehearsal.session.folder)}
    assert {Wrong.TIMEOUT, Wrong.UNSENT} <= kinds
    assert report.verdict is Verdict.FAIL


def test_a_target_too_small_says_how_to_seed(stub: Start, rehearse: Rehearse) -> None:
    with pytest.raises(UsageError, match="carry") as refused:
        rehearse(stub())(users=12_000)
    assert "payaidctl seed --tenants" in refused.value.advice


def test_a_target_that_is_not_there_is_inconclusive(rehearse: Rehearse) -> None:
    report = rehearse("http://127.0.0.1:9")()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert by_id(report)["loadtest.preflight.ready"].status is Status.INCONCLUSIVE


def test_two_runs_compare_with_their_noise(stub: Start, rehearse: Rehearse, tmp_path: Path) -> None:
    rehearsal = rehearse(stub())
    rehearsal(plateau="2 s")
    first = rehearsal.session.folder
    rehearsal(plateau="2 s")
    changes = {change.figure: change for change in compare(load(first), load(rehearsal.session.folder))}
    assert changes["errors"].word == "the same"
    assert changes["p95"].noise is None  # two seconds hold no three blocks
    assert changes["p95"].word == "changed"
    assert changes["throughput"].before > 0


def test_several_processes_share_the_users(stub: Start, rehearse: Rehearse) -> None:
    rehearsal = rehearse(stub())
    report = rehearsal(Options(processes=2), users=13)
    assert report.verdict is Verdict.PASS, [f for f in report.findings if f.status is not Status.PASS]
    assert sorted(path.name for path in rehearsal.session.folder.glob("samples-*.bin")) == [
        "samples-0.bin",
        "samples-1.bin",
    ]


def test_locusts_own_page_shows_the_requests(
    stub: Start, rehearse: Rehearse, capsys: pytest.CaptureFixture[str]
) -> None:
    session = rehearse(stub()).prepare(Options(ui=True), plateau="3 s")
    shown: list[str] = []

    async def play() -> Report:
        running = asyncio.create_task(session.run())
        while session.now.phase != "plateau":
            assert not running.done(), running.result()
            await asyncio.sleep(0.05)
        page = next(word for word in capsys.readouterr().err.split() if word.startswith("http://127"))
        async with httpx.AsyncClient() as client:
            stats = (await client.get(f"{page}/stats/requests")).json()["stats"]
        shown.extend(row["name"] for row in stats)
        return await running

    assert asyncio.run(play()).verdict is Verdict.PASS
    assert "products list" in shown
