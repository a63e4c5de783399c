"""The breaker before Redis: once it has tripped, one call at a time finds out whether it is back."""

import asyncio

import pytest

from payaid.kv import Away, RedisKeyValue, node
from payaid.kv.node import TRIP, Access, Node


class Server:
    """Takes questions and is silent until it is told to answer; counts the questions."""

    def __init__(self) -> None:
        self.asked, self.answers = 0, False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line == b"SETNAME\r\n":
                writer.write(b"+OK\r\n")
            if line == b"GET\r\n":
                self.asked += 1
                # An answer to what nobody waits for any more comes first, as from a server that was slow.
                writer.write(b"$1\r\nx\r\n" * self.asked if self.answers else b"")
                self.asked = 0 if self.answers else self.asked
        writer.close()


def test_after_a_rest_one_call_looks_and_the_others_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "OPEN_S", 0.5)

    async def scene() -> None:
        silent = Server()
        server = await asyncio.start_server(silent.serve, "127.0.0.1", 0)
        kept = RedisKeyValue(Node("127.0.0.1", server.sockets[0].getsockname()[1], Access()), 0.1)
        await kept.open()
        for _ in range(TRIP):
            with pytest.raises(Away):
                await kept.get("a")
        await asyncio.sleep(0.52)
        answers = await asyncio.gather(*(kept.get("a") for _ in range(50)), return_exceptions=True)
        assert all(isinstance(one, Away) for one in answers)
        assert silent.asked == TRIP + 1
        silent.answers = True
        await asyncio.sleep(0.52)
        assert await kept.get("a") == b"x"
        assert await asyncio.gather(*(kept.get("a") for _ in range(50))) == [b"x"] * 50
        await kept.close()
        server.close()

    asyncio.run(scene())


def test_a_node_that_is_given_up_while_it_is_being_connected_is_away_and_breaks_off_nobody() -> None:
    """A cluster's new map drops it: its callers' requests must go on without Redis, not end as cancelled."""

    async def scene() -> None:
        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(never, "127.0.0.1", 0)
        dropped = Node("127.0.0.1", server.sockets[0].getsockname()[1], Access())
        asking = [asyncio.create_task(RedisKeyValue(dropped, 5.0).get("a")) for _ in range(3)]
        await asyncio.sleep(0.05)
        dropped.close()
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(one) for one in outcomes] == [Away] * 3
        server.close()

    asyncio.run(scene())
