"""Several replicas, and what only calls itself one: which server answers, and nobody waits for one that is gone."""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from payaid import observe
from payaid.cache.stamps import Hearing
from payaid.datapath import DataPath
from payaid.db.identity import Identity, mark
from payaid.db.pool import Pool
from payaid.db.routing import Fetched
from payaid.db.servers import SILENT_S, Replica
from payaid.errors import Unavailable
from payaid.rest.statement import Statement
from tests.fixtures.database import Database
from tests.fixtures.relay import Relay
from tests.fixtures.replicas import SecondReplica
from tests.torture.faults import Place

WHO = Statement("SELECT inet_server_port()::text", {"tenant": "t"})
DEPENDS = ("t/Contact",)
Scene = Callable[[DataPath], Awaitable[None]]


@pytest.fixture
def degraded() -> Iterator[Counter[str]]:
    """What was counted as degraded."""
    counted: Counter[str] = Counter()
    observe.subscribe(observe.Degraded, lambda fact: counted.update([fact.what]))
    yield counted
    observe.silence()


@asynccontextmanager
async def opened(database: Database, **changed: str) -> AsyncIterator[DataPath]:
    """A data path that hears."""
    async with DataPath(database.settings(REDIS_CLUSTER_NODES="", **changed)).running() as path:
        assert await path.heard(5)
        yield path


def play(scene: Scene, database: Database, **changed: str) -> None:
    """Open a data path over these URLs, and play a scene on it."""

    async def run() -> None:
        async with opened(database, **changed) as path:
            await scene(path)

    asyncio.run(run())


async def until(true: Callable[[], bool], what: str, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.01)


async def marked(path: DataPath) -> int:
    """A position that no server showed before: what a write's token asks for."""
    async with path.primary.pool.connection() as connection:
        return (await mark(connection)).position


async def asked(path: DataPath, times: int = 20, shown: int = 0) -> Counter[str]:
    """Which servers answer so many reads."""
    return Counter([(await path.reads.read(WHO, DEPENDS, shown)).server for _ in range(times)])


def both(database: Database, second: SecondReplica) -> dict[str, str]:
    reading, direct = (
        f"{database.read_url},{second.url(database)}",
        f"{database.read_direct_url},{second.url(database)}",
    )
    return {"DATABASE_READ_URL": reading, "DATABASE_READ_DIRECT_URL": direct}


def test_of_two_replicas_both_answer_and_the_one_behind_does_not(
    database: Database, second_replica: SecondReplica
) -> None:
    async def scene(path: DataPath) -> None:
        shown = await marked(path)
        await until(lambda: all(one.usable and one.position >= shown for one in path.replicas), "both are there")
        assert (await asked(path)).keys() == {"replica-1", "replica-2"}
        second_replica.on("SELECT pg_wal_replay_pause()")
        shown = await marked(path)
        await until(lambda: path.replicas[0].position >= shown, "the first has replayed it")
        assert await asked(path, shown=shown) == {"replica-1": 20}
        second_replica.on("SELECT pg_wal_replay_resume()")
        await until(lambda: path.replicas[1].position >= shown, "the second has replayed it")
        assert (await asked(path, shown=shown)).keys() == {"replica-1", "replica-2"}

    play(scene, database, **both(database, second_replica))


def test_a_replica_that_is_promoted_is_left_at_once(
    database: Database, second_replica: SecondReplica, degraded: Counter[str]
) -> None:
    """A promotion ends no session: what is polled on goes on answering, from a world of its own."""

    async def scene(path: DataPath) -> None:
        await until(lambda: all(one.usable for one in path.replicas), "both are there")
        second_replica.on("SELECT pg_promote()")
        await until(lambda: not path.replicas[1].usable, "it is not asked any more", 1.0)
        await until(lambda: degraded["refused-replica-2"] > 0, "it is counted")
        assert "primary" in path.replicas[1].refused or not path.replicas[1].usable
        assert await asked(path) == {"replica-1": 20}

    play(scene, database, **both(database, second_replica))


def test_a_url_that_is_really_the_primary_is_refused_and_counted(database: Database, degraded: Counter[str]) -> None:
    async def scene(path: DataPath) -> None:
        await until(lambda: degraded["refused-replica-1"] > 0, "it is counted")
        assert await asked(path) == {"primary": 20}
        assert "a primary" in path.replicas[0].refused

    play(scene, database, DATABASE_READ_URL=database.listen_url, DATABASE_READ_DIRECT_URL=database.listen_url)


def test_reads_that_would_go_to_the_primary_though_positions_come_from_a_replica(
    database: Database, degraded: Counter[str]
) -> None:
    async def scene(path: DataPath) -> None:
        await until(lambda: degraded["refused-replica-1"] > 0, "it is counted")
        assert await asked(path) == {"primary": 20}
        assert path.replicas[0].refused == "its URL for reads leads to a primary"

    play(scene, database, DATABASE_READ_URL=database.service_url)


@pytest.mark.parametrize("other", ["the primary", "another replica"])
def test_a_balancer_is_no_replica(
    database: Database, second_replica: SecondReplica, relays: Callable[..., Relay], degraded: Counter[str], other: str
) -> None:
    """Positions of one server say nothing about answers of the other."""
    site = database.stack.site
    balancer = relays(site.ports["replica"], site.ports["primary"] if other == "the primary" else second_replica.port)
    url = balancer.url(database.read_direct_url)

    async def scene(path: DataPath) -> None:
        await until(lambda: degraded["refused-replica-1"] > 0, "it is counted")
        assert await asked(path) == {"primary": 20}

    play(scene, database, DATABASE_READ_URL=url, DATABASE_READ_DIRECT_URL=url)


def test_a_name_that_leads_elsewhere_one_day_is_noticed(
    database: Database, second_replica: SecondReplica, relays: Callable[..., Relay], degraded: Counter[str]
) -> None:
    """The URL for reads is moved to another server while positions go on coming from the first."""
    relay = relays(database.stack.site.ports["replica"])
    url = relay.url(database.read_direct_url)

    async def scene(path: DataPath) -> None:
        await until(lambda: path.replicas[0].usable, "it is there")
        relay.lead_to(second_replica.port)
        relay.cut()
        await until(lambda: degraded["refused-replica-1"] > 0, "it is counted")
        assert "more than one server" in path.replicas[0].refused

    play(scene, database, DATABASE_READ_URL=url, DATABASE_POOL_MIN="1", DATABASE_POOL_MAX="2")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (Identity("another", "now", True, "1"), "another cluster"),
        (Identity("ours", "then", True, "1"), "more than one server"),
        (Identity("ours", "then", False, "1"), "a primary"),
        (Identity("ours", "now", True, "1"), ""),
    ],
)
@pytest.mark.parametrize("early", [True, False])
def test_who_answers_reads_must_be_who_is_polled(database: Database, other: Identity, why: str, early: bool) -> None:
    async def scene() -> str:
        replica = Replica("replica-1", database.read_url, database.settings())
        steps = [lambda: replica.met(other), lambda: replica.identified(Identity("ours", "now", True, "1"))]
        for step in steps if early else reversed(steps):
            step()
        return replica.refused

    refused = asyncio.run(scene())
    assert why in refused
    assert bool(why) == bool(refused)


def test_of_those_met_before_the_poller_came_only_the_last_counts(database: Database) -> None:
    """It was restarted while nobody polled it: what it was before is no other server."""

    async def scene() -> str:
        replica = Replica("replica-1", database.read_url, database.settings())
        for started in ("then", "now"):
            replica.met(Identity("ours", started, True, "1"))
        replica.identified(Identity("ours", "now", True, "1"))
        return replica.refused

    assert asyncio.run(scene()) == ""


def test_a_frozen_replica_holds_nobody(database: Database, degraded: Counter[str]) -> None:
    """Its connections stay open and say nothing; reads under way go to the primary as soon as its poller is silent."""
    place = Place(database.stack, None)  # type: ignore[arg-type]

    async def scene(path: DataPath) -> None:
        await until(lambda: path.replicas[0].usable, "it is there")
        await asked(path)
        with place.frozen("replica"):
            started = time.monotonic()
            reads = [asyncio.create_task(path.reads.read(WHO, DEPENDS)) for _ in range(10)]
            found = [(await one).server for one in reads]
            took = time.monotonic() - started
            assert set(found) == {"primary"}
            assert took < SILENT_S + 0.75, f"reads waited {took:.2f} s"
            assert degraded["replica-lost"] > 0
            started = time.monotonic()
            assert await asked(path) == {"primary": 20}
            assert time.monotonic() - started < 0.5
        await until(lambda: path.replicas[0].usable, "it is back", 15)
        assert await asked(path, 5) == {"replica-1": 5}

    play(scene, database)


def test_a_way_to_a_replica_that_swallows_everything_is_left_and_tried_again(
    database: Database, relays: Callable[..., Relay], degraded: Counter[str]
) -> None:
    """Its positions go on arriving, by another way: only the reads themselves tell."""
    relay = relays(database.stack.site.ports["replica"])

    async def scene(path: DataPath) -> None:
        await until(lambda: path.replicas[0].usable, "it is there")
        await asked(path)
        relay.swallow()
        started = time.monotonic()
        assert (await path.reads.read(WHO, DEPENDS)).reason == "replica-lost"
        assert time.monotonic() - started < 0.3 + 0.5 + 0.7, "its share of the time, and the request to cancel"
        assert degraded["replica-lost"] == 1
        assert await asked(path) == {"primary": 20}
        relay.release()
        await until(lambda: path.replicas[0].usable, "it is tried again", 3)

        async def answers() -> Fetched:
            return await path.reads.read(WHO, DEPENDS)

        deadline = time.monotonic() + 10
        while (await answers()).server != "replica-1":
            assert time.monotonic() < deadline, "it answers again"
            await asyncio.sleep(0.05)

    url = relay.url(database.read_direct_url)
    play(scene, database, DATABASE_READ_URL=url, DATABASE_STATEMENT_TIMEOUT_MS="300", DATABASE_POOL_MIN="2")


def test_a_frozen_primary_refuses_soon(database: Database, relays: Callable[..., Relay]) -> None:
    """A write waits for it as long as its silence is believed to be a pause, not until a deadline of ten seconds."""
    relay = relays(database.stack.site.ports["primary"])
    through = relay.url(database.listen_url)

    async def scene(path: DataPath) -> None:
        relay.hold()
        started = time.monotonic()

        async def nothing(unit: object) -> None:
            unit.touch("Contact", "x")  # type: ignore[attr-defined]

        with pytest.raises(Unavailable):
            await path.writes.run("t", nothing)
        took = time.monotonic() - started
        assert took < 5, f"it waited {took:.1f} s"
        relay.release()
        await until(lambda: path.stamps.hearing == "hearing", "all is well again")
        async with asyncio.timeout(5):
            while True:  # on a busy machine the first may give up while the pool's new connection is being made
                with contextlib.suppress(Unavailable):
                    await path.writes.run("t", nothing)
                    break

    play(scene, database, DATABASE_URL=through, DATABASE_LISTEN_URL=through, DATABASE_READ_URL="",
         DATABASE_READ_DIRECT_URL="", DATABASE_POOL_MIN="1")  # fmt: skip


def test_a_statement_that_takes_too_long_is_cancelled_on_the_server(database: Database) -> None:
    slow = Statement("SELECT pg_sleep(20)::text", {"tenant": "t"})

    async def scene(path: DataPath) -> None:
        started = time.monotonic()
        with pytest.raises(Unavailable, match="longer than a statement may"):
            await path.reads.read(slow, DEPENDS)
        assert time.monotonic() - started < 1.0
        busy = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(20)%%' AND state = 'active'"
        left = await path.reads.read(Statement(busy + " AND pid <> pg_backend_pid()", {"tenant": "t"}), DEPENDS)
        assert left.raw == b"0"

    play(scene, database, DATABASE_STATEMENT_TIMEOUT_MS="200")


def test_a_query_that_needs_too_much_is_its_own_fault_and_no_servers(
    database: Database, degraded: Counter[str]
) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("""CREATE FUNCTION public.too_much() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
                         RAISE 'temporary file size exceeds temp_file_limit' USING ERRCODE = '53400'; END $$""")
        owner.execute("GRANT EXECUTE ON FUNCTION public.too_much() TO PUBLIC")
    greedy = Statement("SELECT public.too_much()", {"tenant": "t"})

    async def scene(path: DataPath) -> None:
        await until(lambda: path.replicas[0].usable, "it is there")
        made = await marked(path)
        await until(lambda: path.replicas[0].position >= made, "it has the function")
        for _ in range(3):
            with pytest.raises(Unavailable, match="more memory or room"):
                await path.reads.read(greedy, DEPENDS)
        assert path.replicas[0].usable
        assert degraded["replica-lost"] + degraded["primary-lost"] == 0

    play(scene, database)


def test_who_reads_after_one_that_took_too_long_gets_a_connection_that_lives(
    database: Database, degraded: Counter[str]
) -> None:
    slow = Statement("SELECT pg_sleep(20)::text", {"tenant": "t"})

    async def scene(path: DataPath) -> None:
        await until(lambda: path.replicas[0].usable, "it is there")
        for _ in range(3):
            with pytest.raises(Unavailable, match="longer than a statement may"):
                await path.reads.read(slow, DEPENDS)
            assert await asked(path, 3) == {"replica-1": 3}
        assert degraded["replica-lost"] == 0

    play(scene, database, DATABASE_STATEMENT_TIMEOUT_MS="200", DATABASE_POOL_MIN="1", DATABASE_POOL_MAX="1")


def test_however_many_lose_their_connection_the_idle_ones_are_tested_once(database: Database) -> None:
    async def scene() -> int:
        pool, tests = Pool("primary", database.service_url, database.settings()), 0

        async def check() -> None:
            nonlocal tests
            tests += 1
            await asyncio.sleep(0.02)

        pool._test = check  # type: ignore[method-assign]
        await asyncio.gather(*(pool.drop_broken() for _ in range(100)))
        return tests

    assert asyncio.run(scene()) == 1


def test_two_replicas_of_which_one_is_killed_cost_no_read(database: Database, second_replica: SecondReplica) -> None:
    async def scene(path: DataPath) -> None:
        await until(lambda: all(one.usable for one in path.replicas), "both are there")
        reading = asyncio.create_task(asked(path, 400))
        await asyncio.sleep(0.02)
        second_replica.send(signal.SIGQUIT)
        assert sum((await reading).values()) == 400
        assert (await asked(path)).keys() == {"replica-1"}

    play(scene, database, **both(database, second_replica))


def test_with_the_direct_way_cut_positions_come_by_the_one_that_writes_go(
    database: Database, relays: Callable[..., Relay]
) -> None:
    """Dark would be wrong: what is kept would be served, marked degraded, while everybody goes on writing."""
    relay = relays(database.stack.site.ports["primary"])

    async def scene(path: DataPath) -> None:
        relay.away()
        await until(lambda: path.stamps.hearing is Hearing.DEAF, "deaf")
        ends = time.monotonic() + 2.5
        while time.monotonic() < ends:
            assert path.stamps.hearing is Hearing.DEAF
            await asyncio.sleep(0.05)
        shown = await marked(path)
        await until(lambda: path.stamps.needed(DEPENDS) >= shown, "everything is compared with a position of now", 1.0)
        relay.release()
        await until(lambda: path.stamps.hearing is Hearing.HEARING, "it hears again")

    play(scene, database, DATABASE_LISTEN_URL=relay.url(database.listen_url))


def test_a_standby_at_the_primarys_address_answers_nothing(
    database: Database, relays: Callable[..., Relay], degraded: Counter[str]
) -> None:
    """A balancer that is late, a name that leads to the old server: what it says is of the past, and not of now."""
    ports = database.stack.site.ports
    writing = relays(ports["primary"])

    async def scene(path: DataPath) -> None:
        async def answered() -> bytes | None:
            with contextlib.suppress(Unavailable, psycopg.OperationalError):
                return await path.primary.read(WHO)
            return None

        primary = await path.primary.read(WHO)
        writing.lead_to(ports["replica"])
        writing.cut()
        deadline = time.monotonic() + 5
        while not degraded["primary-refused"]:
            assert await answered() is None
            assert time.monotonic() < deadline, "nobody looked who it is"
        assert await answered() is None
        writing.lead_to(ports["primary"])
        while await answered() != primary:
            assert time.monotonic() < deadline, "the primary is not believed any more"

    play(scene, database, DATABASE_URL=writing.url(database.service_url), DATABASE_URL_POOLER="")


def test_what_a_standby_answers_behind_a_pooler_is_neither_given_nor_believed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look finds it while a read is under way on a connection that was the primary's a moment ago."""

    async def standby(_: object) -> Identity:
        return Identity("another", "0", True, "00000001")

    async def scene(path: DataPath) -> None:
        await path.primary.read(WHO)
        await path.primary.read(WHO)
        floor, lives = path.stamps.floor, path.primary.lives
        reading = asyncio.ensure_future(path.reads.confirm(Statement("SELECT pg_sleep(4)::text", {"tenant": "t"})))
        monkeypatch.setattr("payaid.db.poller.identify", standby)
        await until(lambda: path.primary.lives > lives, "the look has found it")
        monkeypatch.undo()
        assert path.stamps.floor > floor
        with contextlib.suppress(Unavailable):
            assert (await reading).server != "primary"

    play(scene, database)
