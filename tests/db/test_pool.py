"""The pool: who gets a connection when, what becomes of those that come back broken, and what a burst costs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
import uvloop

from payaid.db.pool import Pool
from payaid.db.wire import value
from payaid.errors import Unavailable
from tests.fixtures.database import Database
from tests.fixtures.relay import Relay

Scene = Callable[[Pool], Awaitable[Any]]


def play(database: Database, scene: Scene, url: str = "", **changed: str) -> Any:
    settings = database.settings(
        **{f"DATABASE_POOL_{name.upper()}": text for name, text in ({"min": "0", "max": "2"} | changed).items()}
    )

    async def run() -> Any:
        pool = Pool("primary", url or database.listen_url, settings)
        await pool.open()
        try:
            return await scene(pool)
        finally:
            await pool.close()

    return uvloop.run(run())


async def pid(pool: Pool) -> int:
    async with pool.connection() as connection:
        return int(await value(connection, "SELECT pg_backend_pid()::text", {}) or 0)


async def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


def test_it_opens_no_more_than_it_may_and_lends_in_the_order_of_asking(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        order: list[int] = []

        async def ask(number: int) -> int:
            async with pool.connection() as connection:
                order.append(number)
                return int(await value(connection, "SELECT pg_backend_pid()::text", {}) or 0)

        servers = await asyncio.gather(*map(ask, range(20)))
        assert len(set(servers)) <= 2
        assert order == list(range(20))
        assert pool.figures() == {"open": len(set(servers)), "idle": len(set(servers)), "waiting": 0}

    play(module_database, scene)


def test_everybody_at_once_is_given_a_connection_each_while_there_is_room(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        everybody = asyncio.Barrier(9)

        async def hold() -> None:
            async with pool.connection():
                await everybody.wait()

        async with asyncio.timeout(5):
            await asyncio.gather(*(hold() for _ in range(9)))
        assert pool.figures() == {"open": 9, "idle": 9, "waiting": 0}

    play(module_database, scene, max="9", wait_ms="5000")


def test_the_one_used_last_is_lent_first_so_that_the_rest_can_close(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        async with pool.connection(), pool.connection():
            pass
        assert pool.figures()["open"] == 2
        seen = {await pid(pool) for _ in range(5)}
        assert len(seen) == 1
        await until(lambda: pool.figures()["open"] == 1, "the idle one closes")
        assert {await pid(pool)} == seen

    play(module_database, scene, idle_s="0.2", min="1")


def test_whoever_cannot_be_served_soon_is_told(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        async with pool.connection():
            waiting = asyncio.create_task(pid(pool))
            await asyncio.sleep(0)
            with pytest.raises(Unavailable, match="became free in time"):
                await pid(pool)  # the queue has one place
            began = time.monotonic()
            with pytest.raises(Unavailable, match="became free in time"):
                await waiting
            assert time.monotonic() - began < 1
        assert await pid(pool), "and all is well afterwards"
        assert pool.figures()["waiting"] == 0

    play(module_database, scene, max="1", queue="1", wait_ms="100")


def test_a_caller_that_goes_away_costs_nobody_a_connection(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        for handed_over in (False, True):
            async with pool.connection():
                waiting = asyncio.create_task(pid(pool))
                await asyncio.sleep(0.02)
                if not handed_over:
                    waiting.cancel()
            # With `handed_over` it has a connection by now, and is cancelled before it could look at it.
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert pool.figures() == {"open": 1, "idle": 1, "waiting": 0}
            assert await pid(pool)

    play(module_database, scene, max="1")


def test_a_statement_that_nobody_waits_for_any_more_is_cancelled_on_the_server(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        async def sleep() -> None:
            async with pool.connection() as connection:
                await value(connection, "SELECT pg_sleep(30)::text, 'nobody waits'", {})

        sleeping = asyncio.create_task(sleep())
        await asyncio.sleep(0.1)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert await pid(pool), "another one is there at once"
        with psycopg.connect(module_database.owner_url, autocommit=True) as owner:
            question = """SELECT count(*) FROM pg_stat_activity
                WHERE query LIKE '%nobody waits%' AND state = 'active' AND pid <> pg_backend_pid()"""

            def running() -> int:
                row = owner.execute(question).fetchone()
                return row[0] if row else 0

            await until(lambda: running() == 0, "it is cancelled there")

    play(module_database, scene)


def test_a_transaction_that_was_left_open_is_not_lent_to_the_next(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        async with pool.connection() as connection:
            await connection.execute("BEGIN")
            first = connection.info.backend_pid
        assert await pid(pool) != first

    play(module_database, scene, max="1")


def test_a_server_that_is_away_is_found_again_by_who_waits(
    module_database: Database, relays: Callable[..., Relay]
) -> None:
    relay = relays(module_database.stack.site.ports["primary"])

    async def scene(pool: Pool) -> None:
        assert await pid(pool)
        relay.away()
        with pytest.raises((Unavailable, psycopg.OperationalError)):
            await pid(pool)
        asking = asyncio.create_task(pid(pool))
        await asyncio.sleep(0.2)
        relay.release()
        assert await asking
        assert pool.figures()["open"] == 1

    play(module_database, scene, relay.url(module_database.listen_url), wait_ms="2000")


def test_callers_that_went_away_leave_nobody_trying_for_them(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        for _ in range(3):
            asking = asyncio.create_task(pid(pool))
            await asyncio.sleep(0.02)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        assert pool.figures()["waiting"] == 0
        await until(lambda: not pool._opening, "it is tried for nobody")

    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    play(module_database, scene, nowhere, queue="1", wait_ms="5000")


def test_idle_connections_can_be_forgotten(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        before = await pid(pool)
        pool.forget()
        assert pool.figures() == {"open": 0, "idle": 0, "waiting": 0}
        assert await pid(pool) != before

    play(module_database, scene)


def test_one_that_is_lent_is_forgotten_as_it_comes_back(module_database: Database) -> None:
    async def scene(pool: Pool) -> None:
        async with pool.connection():
            pool.forget()
        assert pool.figures() == {"open": 0, "idle": 0, "waiting": 0}

    play(module_database, scene)


def test_a_connection_to_somebody_else_is_lent_to_nobody(module_database: Database) -> None:
    async def scene() -> None:
        settings = module_database.settings(DATABASE_POOL_WAIT_MS="300")
        pool = Pool("replica-1", module_database.service_url, settings, lambda _: False)
        with pytest.raises(Unavailable):
            async with pool.connection():
                pytest.fail("it was lent")
        assert pool.figures()["open"] == 0
        await pool.close()

    uvloop.run(scene())


def test_a_burst_hands_each_connection_on_within_a_turn_or_two(module_database: Database) -> None:
    """What kept workers down: hand-overs that take turns, while the burst itself makes turns long."""

    async def scene(pool: Pool) -> float:
        await asyncio.gather(*(pid(pool) for _ in range(4)))
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async def borrow() -> None:
            async with pool.connection():
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        await asyncio.gather(*(borrow() for _ in range(400)))
        counting.cancel()
        return turns / (400 / 4)

    # One turn in which the borrower runs, one in which it comes back; with psycopg_pool's lock it is one a caller.
    assert play(module_database, scene, max="4", min="4", queue="400") < 4
