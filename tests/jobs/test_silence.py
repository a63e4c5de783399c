"""A primary that says nothing any more: whoever holds leases knows it before others may take them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from payaid.jobs import ledger as ledger_module
from payaid.jobs.heartbeat import Heartbeat
from payaid.jobs.ledger import Ledger
from payaid.jobs.policy import Pace
from payaid.jobs.worker import open_pool
from tests.fixtures.database import Database
from tests.fixtures.relay import Relay

LEASES = [("a-job", 1, None)]


def play(database: Database, relay: Relay, scene: Callable[[Ledger], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        settings = database.settings(DATABASE_URL=relay.url(database.listen_url))
        async with open_pool(settings, "payaid test", 1, 1) as pool:
            ledger = Ledger(pool)
            assert await ledger.beat(LEASES, 1.0, 5.0) == {}
            return await scene(ledger)

    return asyncio.run(run())


def test_an_answer_is_not_waited_for_any_longer_and_the_next_is_given(
    module_database: Database, relays: Callable[..., Relay]
) -> None:
    relay = relays(module_database.stack.site.ports["primary"])

    async def scene(ledger: Ledger) -> None:
        relay.swallow()
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            await ledger.beat(LEASES, 1.0, 0.2)
        assert time.monotonic() - began < 2.0  # psycopg alone would ask to cancel, and wait, for ten seconds
        relay.release()
        assert await ledger.beat(LEASES, 1.0, 5.0) == {}

    play(module_database, relay, scene)


@pytest.mark.parametrize("where", ["taking", "session"])
def test_a_transaction_does_not_wait_for_its_begin(
    module_database: Database, relays: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(ledger_module, "ANSWER_S", 0.2)
    relay = relays(module_database.stack.site.ports["primary"])

    async def scene(ledger: Ledger) -> None:
        relay.swallow()
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            async with ledger.taking(1, 1, 1, "") if where == "taking" else ledger.session(None):
                pytest.fail("it has begun")
        assert time.monotonic() - began < 2.0

    play(module_database, relay, scene)


def test_what_runs_is_stopped_before_its_lease_is_over(module_database: Database, relays: Callable[..., Relay]) -> None:
    relay = relays(module_database.stack.site.ports["primary"])
    pace = Pace(lease_s=4.0, beat_s=1.0)
    stopped: asyncio.Queue[str] = asyncio.Queue()
    job: Any = SimpleNamespace(id="a-job", fence=1, progress=None, stop=stopped.put_nowait)

    async def scene(ledger: Ledger) -> float:
        running: dict[str, Any] = {}
        beating = asyncio.create_task(Heartbeat(ledger, running, pace).run())
        await asyncio.sleep(0)  # the lease counts from here
        running["a-job"] = job
        relay.swallow()
        began = time.monotonic()
        assert await asyncio.wait_for(stopped.get(), 10) == "fenced"
        beating.cancel()
        return time.monotonic() - began

    assert play(module_database, relay, scene) < pace.lease_s
