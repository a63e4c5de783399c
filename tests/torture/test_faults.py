"""Each fault under load: what callers see of it, how soon it is over, and that it is counted.

Beside what each test asserts, `storm` judges the whole history: no read older than promised, no foreign byte.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payaidctl.stack import Condition, Stack
from tests.eventually import eventually
from tests.fixtures.api import Api
from tests.fixtures.database import Database
from tests.torture.faults import Place, at_its_place
from tests.torture.history import Kind
from tests.torture.measured import keep
from tests.torture.storm import Storm, storm

# Within this nineteen of twenty are answered, by a machine that has much else to do; it is what tells a wait for a
# silent server (five seconds and more) from a busy one.
CROWDED_S = 1.5


@pytest.fixture(scope="module")
def place(stack: Stack, module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service to be tortured."""
    with at_its_place(stack, module_database, tmp_path_factory.mktemp("faults")) as made:
        yield made
        assert '"event": "crashed"' not in made.api.logged()


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Appends what was measured to the file that TORTURE_FIGURES names."""

    def tell(storm: Storm, **more: Any) -> None:
        why = Counter(f"{one.status} {one.said[:60]}" for one in storm.refused)
        figures = {
            "reads": len(storm.reads), "refused": dict(why),
            "writes": len(storm.writes), "not acknowledged": len(storm.failed()),
            "trouble s": round(storm.trouble_s(), 2), "p95 ms": round(1000 * storm.percentile(0.95), 1),
            "max ms": round(1000 * storm.percentile(1.0)), **more,
        }  # fmt: skip
        keep(request.node.name, figures)

    return tell


def counted(api: Api, what: str, since: float = 0.0) -> float:
    """How often this degradation was counted; waits for a second in which the workers write their figures."""

    def now() -> float:
        return api.metric("payaid_degradations_total", what=what)

    return eventually(lambda: now() if now() > since else 0.0, f"counted: {what}", 5.0)


def before(api: Api, what: str) -> float:
    return api.metric("payaid_degradations_total", what=what)


def take_down(place: Place, name: str) -> None:
    """Killed, and kept from being started again."""
    place.checkpoint()
    place.stack.supervisor.stop(name)
    place.send(name, signal.SIGKILL)
    eventually(lambda: not place.all_of(name), f"{name} is gone")


def reads_by(api: Api, server: str, reason: str) -> float:
    return api.metric("payaid_reads_total", server=server, reason=reason)


# -- Redis ----------------------------------------------------------------------------------------------------


def cluster_is_whole(place: Place) -> bool:
    return place.component("cluster").state is Condition.READY


def test_a_master_of_the_cache_is_killed_and_its_replica_takes_over(place: Place, told: Callable[..., None]) -> None:
    seen = before(place.api, "redis")
    with storm(place) as blowing:
        masters = {one.name for one in place.stack.components() if one.detail.startswith("master")}
        lost = min(masters)
        take_down(place, lost)
        try:
            blowing.mark()
            eventually(
                lambda: len([one for one in place.stack.components() if one.detail.startswith("master")]) == 3,
                "a replica took over", 15,
            )  # fmt: skip
            taken = time.monotonic() - blowing.since
            blowing.last(1)
            assert not blowing.refused
            assert not blowing.failed()
            assert blowing.percentile(0.95) < CROWDED_S
            told(blowing, took_over_s=round(taken, 1))
        finally:
            place.stack.start([lost])
            eventually(lambda: cluster_is_whole(place), "the cluster is whole again", 30)
        blowing.mark()
        eventually(lambda: any(one.hit == "l2" for one in blowing.reads), "the shared layer is hit again", 10)
    counted(place.api, "redis", seen)


def test_a_cluster_that_has_lost_slots_costs_hits_alone(place: Place, told: Callable[..., None]) -> None:
    seen = before(place.api, "redis")
    components = {one.port: one for one in place.stack.components() if one.name.startswith("cache-")}
    follower = next(one for one in components.values() if one.detail.startswith("replica of port"))
    master = components[int(follower.detail.split("port ")[1].split(",")[0])]
    with storm(place) as blowing:
        try:
            take_down(place, follower.name)
            take_down(place, master.name)
            blowing.mark()
            blowing.last(4)
            assert not blowing.refused
            assert not blowing.failed()
            told(blowing)
        finally:
            place.stack.start([master.name, follower.name])
            eventually(lambda: cluster_is_whole(place), "the cluster is whole again", 30)
    counted(place.api, "redis", seen)


def test_a_redis_that_takes_everything_and_says_nothing(
    stack: Stack, module_database: Database, lone_node: Any, relays: Any, tmp_path: Path, told: Callable[..., None]
) -> None:
    hole = relays(lone_node.port)
    url = f"redis://127.0.0.1:{hole.port}/0"
    with at_its_place(
        stack, module_database, tmp_path, REDIS_CLUSTER_NODES="", REDIS_URL=url, RATE_LIMITS="true"
    ) as made:
        with storm(made, reader_pause_s=0.1, readers=4) as blowing:
            eventually(lambda: any(one.hit == "l2" for one in blowing.reads), "the shared layer is hit", 10)
            hole.swallow()
            blowing.mark()
            blowing.last(4)
            # Nobody waits for it but those who find out: 75 ms for an entry, three times that for a limit.
            assert {one.status for one in blowing.refused} <= {429}, blowing.refused[:3]
            assert blowing.percentile(0.95) < CROWDED_S
            told(blowing)
            hole.release()
            blowing.mark()
            eventually(lambda: any(one.hit == "l2" for one in blowing.reads), "the shared layer is hit again", 10)
        counted(made.api, "redis")
        counted(made.api, "limiter-local")


def test_the_queues_redis_is_away_and_nobody_who_writes_notices(place: Place, told: Callable[..., None]) -> None:
    with storm(place) as blowing:
        take_down(place, "queue")
        try:
            blowing.mark()
            blowing.last(2)
            assert not blowing.refused
            assert not blowing.failed()
            assert blowing.writes
            told(blowing)
        finally:
            place.stack.start(["queue"])


# -- replicas -------------------------------------------------------------------------------------------------


def test_a_replica_is_killed_and_the_primary_answers_until_it_is_back(place: Place, told: Callable[..., None]) -> None:
    seen = before(place.api, "poller-replica-1")
    with storm(place) as blowing:
        take_down(place, "replica")
        try:
            blowing.mark()
            blowing.last(3)
            assert not blowing.refused
            assert not blowing.failed()
            assert blowing.percentile(0.95) < CROWDED_S
            told(blowing)
        finally:
            place.whole("replica")
        healed, asked = time.monotonic(), reads_by(place.api, "replica", "replica")
        eventually(lambda: reads_by(place.api, "replica", "replica") > asked, "the replica is asked again", 10)
        assert time.monotonic() - healed < 10
    counted(place.api, "poller-replica-1", seen)
    assert reads_by(place.api, "primary", "replica-away") > 0


def test_a_replica_is_frozen_and_nobody_waits_for_it(place: Place, told: Callable[..., None]) -> None:
    seen = before(place.api, "replica-lost")
    with storm(place) as blowing:
        with place.frozen("replica"):
            blowing.mark()
            blowing.last(3)
            assert not blowing.refused
            assert not blowing.failed()
            # Half a second of silence, and then the read itself.
            assert blowing.percentile(1.0) < 2 * CROWDED_S
            assert blowing.percentile(0.95) < CROWDED_S
            told(blowing)
        asked = reads_by(place.api, "replica", "replica")
        eventually(lambda: reads_by(place.api, "replica", "replica") > asked, "the replica is asked again", 15)
    counted(place.api, "replica-lost", seen)


def test_a_replica_is_ten_seconds_behind_and_no_token_is_disappointed(place: Place, told: Callable[..., None]) -> None:
    was = reads_by(place.api, "primary", "behind")
    with storm(place) as blowing:
        place.on("replica", "ALTER SYSTEM SET recovery_min_apply_delay = '10s'")
        place.on("replica", "SELECT pg_reload_conf()")
        try:
            blowing.mark()
            blowing.last(4)
            assert not blowing.refused
            assert not blowing.failed()
            told(blowing)
        finally:
            place.on("replica", "ALTER SYSTEM RESET recovery_min_apply_delay")
            place.on("replica", "SELECT pg_reload_conf()")
    eventually(lambda: reads_by(place.api, "primary", "behind") > was, "counted: behind")


# -- the primary, and the way there ---------------------------------------------------------------------------


def test_the_primary_is_down_reads_go_on_and_no_write_is_lost(place: Place, told: Callable[..., None]) -> None:
    with storm(place) as blowing:
        blowing.run.judge.restarted(time.monotonic())
        take_down(place, "primary")
        try:
            blowing.last(0.5)
            blowing.mark()
            blowing.last(4)
            down = blowing.reads
            refused, writes = blowing.refused, blowing.writes
            assert {one.status for one in refused} <= {503}, Counter(one.status for one in refused)
            assert len(down) > 50
            assert len(refused) < len(down) / 2
            assert any(one.degraded for one in down), "what cannot be compared is marked"
            assert writes
            assert len(blowing.failed()) == len(writes), "nothing is acknowledged that nobody has"
            told(blowing, degraded=sum(one.degraded for one in down))
        finally:
            healing = time.monotonic()
            place.whole("primary")
            blowing.run.judge.restarted(time.monotonic())
        healed = time.monotonic()
        blowing.mark()

        def writes_again() -> bool:
            return len(blowing.writes) > len(blowing.failed())

        eventually(writes_again, "writes are acknowledged again", 10)
        assert time.monotonic() - healed < 8, f"whole after {healed - healing:.1f} s, and writes only much later"
    counted(place.api, "deaf")
    counted(place.api, "poller-primary")
    place.whole("replica")


def test_the_pooler_is_killed_and_started_again(place: Place, told: Callable[..., None]) -> None:
    with storm(place) as blowing:
        blowing.mark()
        place.kill("pooler")
        place.whole("pooler")
        blowing.last(3)
        assert {one.status for one in blowing.refused} <= {503}
        assert blowing.trouble_s() < 5.0
        told(blowing)


# -- our own processes ----------------------------------------------------------------------------------------


def test_a_worker_is_killed_and_its_sibling_goes_on(place: Place, told: Callable[..., None]) -> None:
    with storm(place) as blowing:
        doomed, other = place.workers()
        blowing.mark()
        os.kill(doomed, signal.SIGKILL)
        blowing.last(0.5)
        # Those whose request was under way there, and nobody else.
        assert {one.status for one in blowing.refused} <= {0}
        assert len(blowing.refused) <= blowing.run.load.readers + blowing.run.load.api_writers
        assert any(one.instance.endswith(f"-{other}") for one in blowing.reads)
        eventually(lambda: len(place.workers()) == 2 and doomed not in place.workers(), "another one was started", 20)
        started = time.monotonic() - blowing.since
        told(blowing, new_worker_s=round(started, 1))
    place.api.await_ready()


def test_a_drain_under_load_answers_every_request_that_was_under_way(
    stack: Stack, module_database: Database, tmp_path: Path, told: Callable[..., None]
) -> None:
    with at_its_place(stack, module_database, tmp_path) as made, storm(made) as blowing:
        person = made.api.owner()
        ids = [person.made("/api/v1/tasks", {"title": "x"})["id"] for _ in range(4)]
        with psycopg.connect(module_database.owner_url) as other, ThreadPoolExecutor(len(ids)) as pool:
            other.execute('SELECT 1 FROM "Task" WHERE id = ANY(%s) FOR UPDATE', (ids,))
            waiting = [pool.submit(person.patch, f"/api/v1/tasks/{one}", {"title": "y"}) for one in ids]
            eventually(lambda: waiting_for_locks(made.api) >= len(ids), "they are under way", 10)
            asked = time.monotonic()
            made.api.process.send_signal(signal.SIGTERM)
            other.rollback()
            answers = [one.result(10).status_code for one in waiting]
        made.api.process.wait(15)
        ended = time.monotonic() - asked
        blowing.run.world.over = True
        blowing.run.leave_alone()
        assert answers == [200] * len(ids)
        assert made.api.process.returncode == 0
        assert ended < 10
        # What a client sends while its connection is being closed is nobody's fault; before that, nothing may fail.
        sent_before = asked - 0.1
        assert not [one for one in blowing.refused if one.began < sent_before]
        assert not [one for one in blowing.failed() if one.began < sent_before]
        told(blowing, drained_s=round(ended, 2))


def waiting_for_locks(api: Api) -> int:
    found = api.owner_sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    return int(found[0][0])


# -- clocks ---------------------------------------------------------------------------------------------------

SKEW = """
import os, time
_seconds, _real = float(os.environ["SKEW_S"]), time.time
time.time = lambda: _real() + _seconds
"""


def test_instances_whose_clocks_differ_by_minutes_keep_every_promise(
    stack: Stack, module_database: Database, tmp_path: Path, told: Callable[..., None]
) -> None:
    """Wall clocks say how long an entry is fresh, no more: coherence goes by positions, leases by monotonic time."""
    (tmp_path / "sitecustomize.py").write_text(SKEW)
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    skewed = {"WORKERS": "1", "PYTHONPATH": path}
    early, late = tmp_path / "early", tmp_path / "late"
    early.mkdir()
    late.mkdir()
    with (
        at_its_place(stack, module_database, early, SKEW_S="-400", INSTANCE_ID="early", **skewed) as first,
        at_its_place(stack, module_database, late, SKEW_S="400", INSTANCE_ID="late", **skewed) as second,
        storm(first, more_urls=(second.api.url,)) as blowing,
    ):
        blowing.last(5)
        assert not blowing.refused
        assert not blowing.failed()
        hits = Counter(
            (one.instance.partition("-")[0], one.hit) for one in blowing.reads if one.kind is not Kind.FOREIGN
        )
        told(blowing, hits={f"{who} {hit}": n for (who, hit), n in sorted(hits.items())})
        # Each trusts its own clock, so its own layer works; what the early one shares is old news to the late one.
        assert hits["early", "l1"] > 10
        assert hits["late", "l1"] > 10
        assert hits["early", "l2"] > 0
