"""How attempts end when they do not end well, and what a person may do about it."""

from datetime import datetime

from payaid.jobs import outbox
from tests.fixtures.jobs import Workplace, until


def test_a_failed_attempt_leaves_nothing_and_is_tried_again_after_two_seconds(staffed: Workplace) -> None:
    once, always = staffed.write("row", {"fails": 1}), staffed.write("row", {"fails": 9})
    row = staffed.await_state(once, "done")
    assert (row["attempts"], row["error"], staffed.contacts_of(once)) == (1, None, 1)
    (failure,) = row["history"]
    waited = row["claimedAt"] - datetime.fromisoformat(failure["at"])
    assert 2.0 <= waited.total_seconds() < 3.5
    # Three attempts, 2-3 and 4-6 s apart; then it is a dead letter with its cause.
    row = staffed.await_state(always, "dead")
    assert (row["attempts"], staffed.contacts_of(always)) == (3, 0)
    assert "Transient: attempt 3 was told to fail (at row.py" in row["error"]
    assert [one["uncertain"] for one in row["history"]] == [False, False, False]


def test_a_permanent_error_is_not_tried_again_and_a_person_may_revive_the_job(staffed: Workplace) -> None:
    job = staffed.write("row", {"refuse": True})
    row = staffed.await_state(job, "dead")
    assert (row["attempts"], staffed.contacts_of(job)) == (1, 0)
    staffed.query("""UPDATE "Outbox" SET payload = '{}' WHERE id = %s""", job)
    assert staffed.ask(outbox.retry, job, "south") is False
    assert staffed.ask(outbox.retry, job) is True
    row = staffed.await_state(job, "done")
    assert staffed.contacts_of(job) == 1


def test_what_no_text_may_hold_keeps_no_end_from_being_recorded(staffed: Workplace) -> None:
    failing, done = (staffed.write("row", {"garbles": where}) for where in ("error", "result"))
    assert "they answered ?nonsense" in staffed.await_state(failing, "dead")["error"]
    assert staffed.await_state(done, "done")["result"] == {"they": ["answered nonsense", 7, None]}


def test_an_attempt_that_overstays_its_deadline_is_ended(staffed: Workplace) -> None:
    job = staffed.write("row", {"dawdle": 30})
    row = staffed.await_state(job, "done")  # only the first attempt dawdles
    assert "deadline" in row["history"][0]["cause"]
    assert staffed.contacts_of(job) == 1


def test_a_running_job_can_be_cancelled(staffed: Workplace) -> None:
    job = staffed.write("row", {"dawdle": 1.9})
    staffed.await_state(job, "running")
    assert staffed.ask(outbox.cancel, job) == "running"
    staffed.await_state(job, "cancelled")
    assert staffed.contacts_of(job) == 0


def test_progress_is_told_with_the_heartbeat(staffed: Workplace) -> None:
    job = staffed.write("row", {"dawdle": 1.5})
    until(lambda: staffed.job(job)["progress"] == 0.5, "half of it is done")
    staffed.await_state(job, "done")


def test_a_line_that_goes_dead_after_the_sending_is_uncertain(staffed: Workplace) -> None:
    world = staffed.folder / "world"
    job, once = (staffed.write(task, {"world": str(world), "breaks": True}) for task in ("signal", "signal_once"))
    row = staffed.await_state(once, "uncertain")  # a repeat would hurt: a person decides
    assert (row["uncertain"], row["crashes"], world.read_text().count(once)) == (1, 0, 1)
    row = staffed.await_state(job, "done")  # the receiver can tell a repeat by its id
    assert (row["uncertain"], world.read_text().count(job)) == (1, 2)
