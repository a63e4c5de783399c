"""Workers, queue and connections that die at the worst moment: nothing is lost and nothing is done twice."""

import os
import random
import signal
import time
from collections import Counter

import psycopg

from tests.fixtures.jobs import Workplace, until

CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def test_a_worker_killed_in_the_middle_of_a_transaction(workplace: Workplace) -> None:
    doomed = workplace.worker()
    job = workplace.write("row", {"dawdle": 1.8})
    workplace.await_state(job, "running")
    doomed.kill()
    workplace.worker()
    row = workplace.await_state(job, "done")
    assert (row["crashes"], row["attempts"], row["uncertain"]) == (1, 0, 0)
    assert workplace.contacts_of(job) == 1


def test_a_worker_killed_between_the_act_and_its_record(workplace: Workplace) -> None:
    doomed = workplace.worker()
    world = workplace.folder / "world"
    job, once = (workplace.write(task, {"world": str(world), "dawdle": 9}) for task in ("signal", "signal_once"))
    until(lambda: world.exists() and len(world.read_text().split()) == 2, "both have acted")
    doomed.kill()
    workplace.worker()
    row = workplace.await_state(job, "done")
    assert (row["uncertain"], row["crashes"], world.read_text().count(job)) == (1, 1, 2)
    row = workplace.await_state(once, "uncertain")
    assert (row["uncertain"], world.read_text().count(once)) == (1, 1)
    assert "done or not, nobody knows" in row["error"]


def test_a_worker_that_was_thought_dead_cannot_commit(workplace: Workplace) -> None:
    sleeper = workplace.worker()
    job = workplace.write("row", {"dawdle": 1.0})
    workplace.await_state(job, "running")
    os.kill(sleeper.process.pid, signal.SIGSTOP)
    workplace.worker()
    row = workplace.await_state(job, "done")
    os.kill(sleeper.process.pid, signal.SIGCONT)
    probe = workplace.write("echo")
    workplace.await_state(probe, "done")
    assert sleeper.end() == 0
    assert (row["fence"], workplace.contacts_of(job)) == (2, 1)


def test_a_drain_lets_jobs_end_and_gives_the_rest_back_unharmed(workplace: Workplace) -> None:
    patient = workplace.worker(DRAIN_S="5")
    job = workplace.write("row", {"dawdle": 1.0})
    workplace.await_state(job, "running")
    assert patient.end() == 0
    assert workplace.job(job)["state"] == "done"

    hurried = workplace.worker(DRAIN_S="0.1")
    job = workplace.write("row", {"dawdle": 1.8})
    workplace.await_state(job, "running")
    began = time.monotonic()
    assert hurried.end() == 0
    assert time.monotonic() - began < 2.0
    assert workplace.job(job)["state"] == "handed"
    workplace.worker()
    row = workplace.await_state(job, "done")
    assert (row["crashes"], row["attempts"], workplace.contacts_of(job)) == (0, 0, 1)


def test_jobs_written_while_the_queue_is_away_run_when_it_is_back(workplace: Workplace) -> None:
    worker = workplace.worker()
    workplace.await_state(workplace.write("echo"), "done")
    workplace.node.kill()
    jobs = workplace.write_all("row", [{}] * 20)
    until(lambda: b"hand_over_stopped" in worker.log.read_bytes(), "the relay notices")
    assert {workplace.job(job)["state"] for job in jobs} == {"pending"}
    workplace.node.start()
    workplace.await_all_done()
    assert [workplace.contacts_of(job) for job in jobs] == [1] * 20


def test_a_worker_can_be_ended_while_the_queue_is_away(workplace: Workplace) -> None:
    worker = workplace.worker(DRAIN_S="0.2")
    job = workplace.write("row", {"dawdle": 1.8})
    workplace.await_state(job, "running")
    workplace.node.kill()
    assert worker.end() == 0
    assert workplace.job(job)["state"] == "handed"
    workplace.node.start()
    workplace.worker()
    row = workplace.await_state(job, "done")
    assert (row["crashes"], workplace.contacts_of(job)) == (0, 1)


def test_every_database_connection_cut_in_the_middle(workplace: Workplace) -> None:
    workplace.worker()
    jobs = workplace.write_all("row", [{"dawdle": 0.5}] * 20)
    workplace.await_state(jobs[0], "running")
    with psycopg.connect(workplace.database.superuser_url, autocommit=True) as connection:
        assert connection.execute(CUT).rowcount > 0
    workplace.await_all_done()
    assert [workplace.contacts_of(job) for job in jobs] == [1] * 20


def test_a_queue_that_forgets_everything_is_filled_again_from_the_table(workplace: Workplace) -> None:
    workplace.worker(WORKER_CONCURRENCY="2")
    jobs = workplace.write_all("row", [{"dawdle": 0.3}] * 12)
    workplace.await_state(jobs[0], "done")
    workplace.node.forget_everything()
    workplace.await_all_done()
    assert [workplace.contacts_of(job) for job in jobs] == [1] * 12


def test_a_storm_of_kills_loses_nothing_and_lists_every_repeat(workplace: Workplace) -> None:
    chance = random.Random(7)
    world = workplace.folder / "world"
    workers = [workplace.worker(), workplace.worker()]
    rows: list[str] = []
    signals: list[str] = []
    for _ in range(5):
        dawdles = [{"dawdle": chance.uniform(0, 0.4), "world": str(world)} for _ in range(30)]
        rows += workplace.write_all("row", dawdles)
        signals += workplace.write_all("signal", dawdles, tenant="south")
        until(lambda: workplace.query("""SELECT 1 FROM "Outbox" WHERE state = 'running'"""), "some job runs")
        time.sleep(chance.uniform(0.1, 0.5))
        workers.pop(0).kill()
        workers.append(workplace.worker())
    workplace.node.kill()
    workplace.node.start()
    workplace.await_all_done(60)
    found = workplace.query('SELECT name, count(*) AS rows FROM "Contact" GROUP BY name')
    assert {one["name"]: one["rows"] for one in found} == dict.fromkeys(rows, 1)
    sent = Counter(world.read_text().split())
    assert set(sent) == set(signals)
    listed = {one["id"]: one["uncertain"] for one in workplace.query('SELECT id, uncertain FROM "Outbox"')}
    assert [job for job in signals if sent[job] - 1 > listed[job]] == []


def test_a_lease_that_ran_out_before_the_act_is_no_cancelling(workplace: Workplace) -> None:
    """The worker stood still between claim and act, and nobody has taken the job over yet."""
    job = workplace.write("signal")
    [claim] = workplace.query("SELECT * FROM payaid.jobs_take(10, 10, 10, '')") and workplace.query(
        "SELECT * FROM payaid.job_claim(%s, 'w', 0.0, false)", job
    )

    def tell(state: str) -> bool:
        [told] = workplace.query("SELECT payaid.job_fail(%s, %s, %s, 0, false, 'x')", job, claim["fence"], state)
        return bool(told["job_fail"])

    [acted] = workplace.query("SELECT payaid.job_act(%s, %s)", job, claim["fence"])
    assert not acted["job_act"]
    assert not tell("cancelled")
    assert workplace.job(job)["state"] == "running", "the sweeper brings it again"
    workplace.query('UPDATE "Outbox" SET "cancelAsked" = true WHERE id = %s', job)
    assert tell("cancelled")


def test_a_standby_at_the_primarys_address_is_a_database_that_is_away(workplace: Workplace) -> None:
    """A failover leads there for a while: leases are not renewed, ends wait, and the worker lives."""
    place = workplace
    worker = place.worker()
    job = place.write("row", {"dawdle": 1.0})
    place.await_state(job, "running")
    name = psycopg.conninfo.conninfo_to_dict(place.database.owner_url)["dbname"]
    with psycopg.connect(place.database.superuser_url, autocommit=True) as superuser:
        superuser.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')  # type: ignore[arg-type]
        superuser.execute(CUT)
        until(lambda: "read-only" in worker.log.read_text(), "it has met the standby")
        superuser.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')  # type: ignore[arg-type]
        superuser.execute(CUT)
    place.await_state(job, "done")
    assert place.contacts_of(job) == 1
    assert worker.end() == 0
