"""From a request's transaction to the record of its end."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fixtures.jobs import Workplace


def test_a_job_is_done_and_its_row_says_so(staffed: Workplace) -> None:
    row = staffed.await_state(staffed.write("echo", {"said": "नमस्ते"}), "done")
    assert (row["result"], row["attempts"], row["crashes"]) == ({"said": "नमस्ते"}, 0, 0)
    assert row["finishedAt"] is not None


def test_an_idle_worker_starts_a_job_within_200_ms_of_its_commit(staffed: Workplace) -> None:
    staffed.await_state(staffed.write("echo"), "done")
    waits = []
    for _ in range(20):
        job = staffed.write("echo")
        committed = time.time()
        row = staffed.await_state(job, "done")
        waits.append(row["claimedAt"].timestamp() - committed)
    assert sorted(waits)[18] < 0.2, waits


def test_a_job_for_later_waits_for_its_time(staffed: Workplace) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1.2)
    job = staffed.write("echo", not_before=due)
    assert staffed.job(job)["state"] == "scheduled"
    row = staffed.await_state(job, "done")
    assert due <= row["claimedAt"] < due + timedelta(seconds=1.5)


def test_a_load_runs_mail_is_not_sent(staffed: Workplace, tmp_path: Path) -> None:
    world = tmp_path / "world"
    job = staffed.write("signal", {"world": str(world)}, load_run="run-1")
    assert staffed.await_state(job, "done")["result"] == {"skipped": "load run run-1"}
    assert not world.exists()
