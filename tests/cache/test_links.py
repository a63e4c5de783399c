"""What the connection and the slot map owe their callers: each its own answer, whatever happens to the others."""

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from payaid.kv import Away, RedisKeyValue
from payaid.kv.cluster import Cluster, slot
from payaid.kv.link import Link, pack
from payaid.kv.node import Access, Node

Handle = Any


@given(st.text(alphabet="ab{}é", max_size=12))
def test_a_key_has_the_slot_that_every_other_client_gives_it(key: str) -> None:
    assert slot(key) == key_slot(key.encode())


class Fake:
    """A node of canned replies: `answers` maps a command's words to RESP; what it does not know is OK."""

    def __init__(self, answers: dict[tuple[bytes, ...], bytes]) -> None:
        self.answers = answers
        self.heard: list[tuple[bytes, ...]] = []
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            words = []
            for _ in range(int(head[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2])
            self.heard.append(tuple(words))
            writer.write(self.answers.get(tuple(words), b"+OK\r\n"))
        writer.close()


def slots(port: int) -> bytes:
    return b"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:%d\r\n" % port


def test_a_moved_key_is_found_and_the_map_learned_again() -> None:
    async def scene() -> None:
        new = Fake({(b"GET", b"k"): b"$1\r\nv\r\n"})
        old = Fake({})
        servers = [await new.start(), await old.start()]
        new.answers[b"CLUSTER", b"SLOTS"] = slots(new.port)
        old.answers |= {
            (b"CLUSTER", b"SLOTS"): slots(old.port),
            (b"GET", b"k"): b"-MOVED 7629 127.0.0.1:%d\r\n" % new.port,
        }
        kept = RedisKeyValue(Cluster([("127.0.0.1", old.port)], Access()), 2.0)
        await kept.open()
        assert await kept.get("k") == b"v"
        old.answers[b"CLUSTER", b"SLOTS"] = slots(new.port)
        async with asyncio.timeout(5):
            while (b"GET", b"k") in old.heard:
                old.heard.clear()
                assert await kept.get("k") == b"v"
                await asyncio.sleep(0.05)
        await kept.close()
        for server in servers:
            server.close()

    asyncio.run(scene())


def test_a_key_on_its_way_is_asked_for_with_asking_right_before() -> None:
    async def scene() -> None:
        new = Fake({(b"GET", b"k"): b"$1\r\nv\r\n", (b"GET", b"other"): b"$1\r\nw\r\n"})
        old = Fake({})
        servers = [await new.start(), await old.start()]
        ask = b"-ASK 7629 127.0.0.1:%d\r\n" % new.port
        old.answers |= {
            (b"CLUSTER", b"SLOTS"): slots(old.port),
            (b"GET", b"k"): ask,
            (b"GET", b"other"): ask,
        }
        kept = RedisKeyValue(Cluster([("127.0.0.1", old.port)], Access()), 2.0)
        await kept.open()
        assert await asyncio.gather(*(kept.get(name) for name in ("k", "other") * 20)) == [b"v", b"w"] * 20
        asked = [words for words in new.heard if words[0] in {b"ASKING", b"GET"}]
        assert [words[0] for words in asked] == [b"ASKING", b"GET"] * 40
        await kept.close()
        for server in servers:
            server.close()

    asyncio.run(scene())


def test_whoever_gives_up_does_not_shift_the_answers_of_the_others() -> None:
    async def scene() -> None:
        node = Fake({(b"GET", b"%d" % n): b"$%d\r\n%d\r\n" % (len(str(n)), n) for n in range(200)})
        server = await node.start()
        kept = RedisKeyValue(Node("127.0.0.1", node.port, Access()), 2.0)
        await kept.open()
        asked = [asyncio.create_task(kept.get(str(n))) for n in range(200)]
        await asyncio.sleep(0)
        for one in asked[::3]:
            one.cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for n, got in enumerate(answers):
            assert isinstance(got, asyncio.CancelledError) if n % 3 == 0 else got == str(n).encode()
        await kept.close()
        server.close()

    asyncio.run(scene())


def test_a_reply_that_is_no_resp_ends_the_connection_and_every_question_on_it() -> None:
    async def scene() -> None:
        node = Fake({(b"GET", b"k"): b"HTTP/1.1 400 Bad Request\r\n\r\n"})
        server = await node.start()
        kept = RedisKeyValue(Node("127.0.0.1", node.port, Access()), 2.0)
        await kept.open()
        outcomes = await asyncio.gather(kept.get("k"), kept.get("k"), return_exceptions=True)
        assert [type(one) for one in outcomes] == [Away, Away]
        node.answers[b"GET", b"k"] = b"$1\r\nv\r\n"
        assert await kept.get("k") == b"v"
        await kept.close()
        server.close()

    asyncio.run(scene())


def test_a_password_that_is_refused_is_told_and_never_shown() -> None:
    async def scene() -> None:
        node = Fake({(b"AUTH", b"sesame"): b"-WRONGPASS invalid username-password pair\r\n"})
        server = await node.start()
        kept = RedisKeyValue(Node("127.0.0.1", node.port, Access(password="sesame")), 2.0)
        with pytest.raises(Away, match="WRONGPASS") as refused:
            await kept.get("k")
        assert "sesame" not in f"{refused.value!r} {Access(password='sesame')!r}"
        await kept.close()
        server.close()

    asyncio.run(scene())


def test_a_question_that_is_never_answered_costs_its_caller_the_time_out_and_the_link_its_life() -> None:
    async def scene() -> None:
        silent = await asyncio.start_server(lambda reader, _: reader.read(), "127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(Link, "127.0.0.1", silent.sockets[0].getsockname()[1])
        with pytest.raises(TimeoutError):
            await link.ask(pack("GET", "k"), 0.02)
        async with asyncio.timeout(3):
            while not link.broken:  # noqa: ASYNC110  # nothing tells it
                await asyncio.sleep(0.02)
        silent.close()

    asyncio.run(scene())


def test_a_busy_loop_of_our_own_is_not_taken_for_silence() -> None:
    async def scene() -> None:
        node = Fake({(b"GET", b"k"): b"$1\r\nv\r\n"})
        server = await node.start()
        kept = RedisKeyValue(Node("127.0.0.1", node.port, Access()), 0.05)
        await kept.open()
        asked = [asyncio.create_task(kept.get("k")) for _ in range(20)]
        await asyncio.sleep(0)
        time.sleep(0.5)  # noqa: ASYNC251  # this is the busy loop
        assert await asyncio.gather(*asked) == [b"v"] * 20
        await kept.close()
        server.close()

    asyncio.run(scene())


def test_a_connection_that_comes_after_its_callers_patience_serves_the_next_one() -> None:
    async def scene() -> None:
        slow = Fake({(b"GET", b"k"): b"$1\r\nv\r\n"})
        greeted = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal greeted
            greeted += 1
            await asyncio.sleep(0.2)
            await slow._serve(reader, writer)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        kept = RedisKeyValue(Node("127.0.0.1", server.sockets[0].getsockname()[1], Access()), 0.05)
        with pytest.raises(Away):
            await kept.get("k")
        async with asyncio.timeout(5):
            while True:
                try:
                    assert await kept.get("k") == b"v"
                    break
                except Away:
                    await asyncio.sleep(0.02)
        assert greeted == 1, "one connection, not one for each who gave up"
        await kept.close()
        server.close()

    asyncio.run(scene())
