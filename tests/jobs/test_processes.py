"""What keeps a processor busy runs in a process that a deadline, a cancel or a crash ends, and nothing else."""

import os
from contextlib import suppress
from pathlib import Path

from payaid.jobs import outbox
from tests.fixtures.jobs import Workplace, until


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        # A killed process that nobody has waited for yet is as good as gone.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def started(world: Path) -> int:
    until(lambda: world.exists() and world.read_text(), "the child is at work")
    return int(world.read_text())


def test_a_process_is_used_again_and_knows_no_secrets(staffed: Workplace, tmp_path: Path) -> None:
    world = str(tmp_path / "world")
    done = [staffed.await_state(staffed.write("burn", {"world": world, "how": "quick"}), "done") for _ in range(3)]
    assert len({row["result"] for row in done}) == 1
    job = staffed.write("burn", {"world": world, "how": "secrets"})
    assert staffed.await_state(job, "done")["result"] == 0


def test_what_the_function_raises_is_what_the_job_raises(staffed: Workplace, tmp_path: Path) -> None:
    job = staffed.write("burn", {"world": str(tmp_path / "world"), "how": "refuse"})
    assert "no such thing" in staffed.await_state(job, "dead")["error"]


def test_a_process_that_dies_is_a_failed_attempt_and_no_more(staffed: Workplace, tmp_path: Path) -> None:
    world = str(tmp_path / "world")
    job = staffed.write("burn", {"world": world, "how": "die"})
    assert "died (status -9)" in staffed.await_state(job, "dead")["error"]
    staffed.await_state(staffed.write("burn", {"world": world, "how": "quick"}), "done")


def test_a_deadline_and_a_cancel_kill_the_process(staffed: Workplace, tmp_path: Path) -> None:
    worlds = [tmp_path / "one", tmp_path / "two"]
    late, unwanted = (staffed.write("burn", {"world": str(world), "how": "forever"}) for world in worlds)
    children = [started(world) for world in worlds]
    staffed.ask(outbox.cancel, unwanted)
    staffed.await_state(unwanted, "cancelled")
    assert "deadline" in staffed.await_state(late, "dead")["error"]
    until(lambda: not any(map(alive, children)), "both are gone")


def test_children_end_with_a_worker_that_was_killed(workplace: Workplace, tmp_path: Path) -> None:
    doomed = workplace.worker()
    workplace.write("burn", {"world": str(tmp_path / "world"), "how": "forever"})
    child = started(tmp_path / "world")
    doomed.kill()
    until(lambda: not alive(child), "the child is gone")
