"""What the cache and the limiter need of Redis, proven over one node and over a cluster alike; and the breaker."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from payaid.kv import Away, KeyValue, RedisKeyValue, Script, connect
from payaid.kv.node import OPEN_S, TRIP
from payaid.settings import Settings
from payaidctl.stack import Stack
from tests.fixtures.keyvalue import LoneNode, running_node
from tests.fixtures.relay import Relay

SECRET = "a secret that only tests have, of some length"
COUNT = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
Scene = Callable[[KeyValue], Awaitable[None]]


@pytest.fixture(params=["single", "cluster"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """The settings under which `connect` reaches each implementation."""
    if request.param == "single":
        node: LoneNode = request.getfixturevalue("lone_node")
        redis = {"REDIS_URL": node.url}
    else:
        stack: Stack = request.getfixturevalue("stack")
        redis = {name: stack.env()[name] for name in ("REDIS_CLUSTER_NODES", "REDIS_PASSWORD")}
    # Long enough for a machine that does other things as well.
    return configured(redis | {"REDIS_TIMEOUT_MS": "2000"})


def configured(redis: dict[str, str]) -> Settings:
    return Settings.read({"DATABASE_URL": "postgresql://nowhere/x", "JWT_SECRET": SECRET} | redis)


def play(settings: Settings, scene: Scene) -> None:
    """Run a scene over a fresh connection."""

    async def run() -> None:
        kept = connect(settings)
        assert isinstance(kept, RedisKeyValue)
        await kept.open()
        try:
            await scene(kept)
        finally:
            await kept.close()

    asyncio.run(run())


def key() -> str:
    return f"test:{uuid.uuid4().hex}"


def test_what_is_put_is_got_and_what_is_deleted_is_gone(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        for name, value in ((key(), b"value"), (key(), b""), (key(), bytes(range(256)) * 400)):
            assert await kept.get(name) is None
            await kept.put(name, value, 60)
            assert await kept.get(name) == value
            await kept.put(name, b"other", 60)
            assert await kept.get(name) == b"other"
            await kept.delete(name)
            assert await kept.get(name) is None
            await kept.delete(name)

    play(settings, scene)


def test_values_live_as_long_as_they_were_told(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        short, long = key(), key()
        await kept.put(short, b"x", 0.05)
        await kept.put_many({long: (b"y", 60)})
        deadline = time.monotonic() + 2
        while await kept.get(short) is not None:
            assert time.monotonic() < deadline
        assert await kept.get(long) == b"y"

    play(settings, scene)


def test_many_are_put_at_once_wherever_their_keys_belong(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        values = {key(): (str(n).encode(), 60.0) for n in range(300)}
        await kept.put_many(values)
        got = await asyncio.gather(*(kept.get(name) for name in values))
        assert got == [value for value, _ in values.values()]

    play(settings, scene)


def test_a_script_runs_atomically_on_every_node_known_to_it_or_not(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        # A script that no node has seen: its digest is unknown wherever the keys are.
        fresh = Script(f"{COUNT.source} -- {uuid.uuid4().hex}")
        names = [key() for _ in range(12)]
        answers = await asyncio.gather(*(kept.run(fresh, name, 2) for name in names for _ in range(10)))
        assert sorted(answers) == sorted([n * 2 for n in range(1, 11)] * 12)

    play(settings, scene)


def test_what_redis_refuses_is_away_and_nothing_else(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        name = key()
        await kept.run(Script("return redis.call('HSET', KEYS[1], 'a', 1)"), name)
        with pytest.raises(Away):
            await kept.get(name)
        with pytest.raises(Away):
            await kept.run(Script("this is no Lua"), name)
        await kept.put(name, b"back", 60)
        assert await kept.get(name) == b"back"

    play(settings, scene)


def test_a_node_that_is_away_costs_a_few_timeouts_and_then_nothing(lone_node: LoneNode) -> None:
    async def scene(kept: KeyValue) -> None:
        name = key()
        await kept.put(name, b"x", 60)
        lone_node.kill()
        for _ in range(TRIP):
            with pytest.raises(Away):
                await kept.get(name)
        started = time.monotonic()
        for _ in range(1000):
            with pytest.raises(Away, match="not asked"):
                await kept.get(name)
        assert time.monotonic() - started < OPEN_S
        lone_node.start()
        deadline = time.monotonic() + 5 * OPEN_S
        while True:
            try:
                assert await kept.get(name) is None, "it came back empty"
                break
            except Away:
                assert time.monotonic() < deadline, "the breaker did not close again"
                await asyncio.sleep(0.02)

    play(configured({"REDIS_URL": lone_node.url}), scene)


def test_a_node_that_was_demoted_and_still_answers_is_left_for_whoever_has_its_name_now(
    lone_node: LoneNode, tmp_path: Path, relays: Callable[..., Relay]
) -> None:
    """As a managed failover leaves it: connections stay open, reads are answered, and writes refused."""

    async def scene(kept: KeyValue) -> None:
        name = key()
        await kept.put(name, b"x", 60)
        with Redis.from_url(lone_node.url) as client:
            client.replicaof("127.0.0.1", 1)
        relay.lead_to(master.port)
        deadline = time.monotonic() + 5 * OPEN_S
        while True:
            try:
                assert await kept.run(COUNT, name, 1) == 1, "the other node counts from the beginning"
                break
            except Away:
                assert time.monotonic() < deadline, "it asks the old one for ever"
                await asyncio.sleep(0.02)
        assert relay.connections == 2

    relay = relays(lone_node.port)
    try:
        with running_node(tmp_path) as master:
            play(configured({"REDIS_URL": f"redis://127.0.0.1:{relay.port}/0", "REDIS_TIMEOUT_MS": "2000"}), scene)
    finally:
        with Redis.from_url(lone_node.url) as client:
            client.replicaof("NO", "ONE")


def test_a_node_that_hangs_is_away_within_the_timeout() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        kept: Any = connect(configured({"REDIS_URL": f"redis://127.0.0.1:{port}/0", "REDIS_TIMEOUT_MS": "50"}))
        started = time.monotonic()
        with pytest.raises(Away):
            await kept.get("x")
        assert 0.04 < time.monotonic() - started < 1.0
        await kept.close()
        server.close()

    asyncio.run(run())


def test_without_redis_there_is_none() -> None:
    assert connect(configured({})) is None
