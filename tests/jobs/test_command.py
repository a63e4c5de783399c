"""`payaidctl jobs`, as an operator types it."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.fixtures.jobs import Workplace, until


def jobs(workplace: Workplace, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the findings by their ids (or, of a usage error, what was said)."""
    run = subprocess.run(
        [sys.executable, "-c", "from payaidctl.cli import main; main()", "jobs", *words, "-o", "json"],
        env={**os.environ, **workplace.env}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if not run.stdout:
        return run.returncode, {"error": run.stderr}
    return run.returncode, {finding["id"]: finding for finding in json.loads(run.stdout)["findings"]}


def test_list_counts_what_is_open_and_passes_when_nothing_is_dead(workplace: Workplace) -> None:
    status, found = jobs(workplace, "list")
    assert (status, list(found)) == (0, ["outbox.open"])
    workplace.write_all("echo", [{}] * 3)
    status, found = jobs(workplace, "list")
    assert (status, found["pending/echo"]["title"]) == (0, "3 pending")
    status, found = jobs(workplace, "list", "--tenant", "south", "--state", "pending")
    assert (status, list(found)) == (0, ["outbox.none"])


def test_dead_names_the_cause_show_the_history_and_retry_mends_it(workplace: Workplace) -> None:
    workplace.worker()
    job = workplace.write("row", {"refuse": True})
    workplace.await_state(job, "dead")
    status, found = jobs(workplace, "dead")
    assert status == 1
    assert "this can never work" in found[f"dead/{job}"]["observed"]
    status, found = jobs(workplace, "show", job)
    assert "this can never work" in found["attempts/1"]["observed"]
    assert "payload" not in json.dumps(found)
    workplace.query("""UPDATE "Outbox" SET payload = '{}'""")
    status, found = jobs(workplace, "retry", job)
    assert (status, "--yes" in found["error"]) == (2, True)  # nobody was asked
    status, found = jobs(workplace, "retry", "--dead", "--yes")
    assert (status, found[f"retry/{job}"]["observed"]) == (0, "pending again")
    workplace.await_state(job, "done")
    status, found = jobs(workplace, "retry", job, "nosuch", "--yes")
    assert (status, found[f"retry/{job}"]["observed"], found["retry/nosuch"]["status"]) == (1, "is done", "fail")
    assert jobs(workplace, "dead")[0] == 0


def test_possible_repeats_are_listed(workplace: Workplace) -> None:
    workplace.worker()
    repeated = workplace.write("signal", {"world": str(workplace.folder / "world"), "breaks": True})
    clean = workplace.write("signal", {"world": str(workplace.folder / "world")})
    workplace.await_state(clean, "done")
    workplace.await_state(repeated, "done")
    _, found = jobs(workplace, "list", "--uncertain")
    assert list(found) == [f"done/{repeated}"]
    assert found[f"done/{repeated}"]["status"] == "warn"


def test_a_drained_queue_starts_nothing_until_it_is_resumed(workplace: Workplace) -> None:
    workplace.worker()
    workplace.await_state(workplace.write("echo"), "done")
    running = workplace.write("row", {"dawdle": 0.8})
    workplace.await_state(running, "running")
    status, _ = jobs(workplace, "drain", "--yes", "--wait", "10")
    assert (status, workplace.job(running)["state"]) == (0, "done")
    waiting = workplace.write("echo")
    until(lambda: workplace.job(waiting)["state"] == "handed", "it waits in the queue")
    assert jobs(workplace, "drain", "--resume", "--yes")[0] == 0
    workplace.await_state(waiting, "done")


def test_what_makes_no_sense_is_a_usage_error(workplace: Workplace) -> None:
    for words in (("show", "nosuch"), ("retry",), ("list", "--state", "lost"), ("retry", "x", "--dead")):
        assert jobs(workplace, *words)[0] == 2
