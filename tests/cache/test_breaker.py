"""The breaker before Redis: once it has tripped, one call at a time finds out whether it is back."""

import asyncio
from typing import Any

import pytest

from payaid import kv
from payaid.kv import TRIP, Away, RedisKeyValue


class Client:
    """Hangs until it is told to answer, and counts."""

    def __init__(self) -> None:
        self.asked, self.answers = 0, False

    async def get(self, _: str) -> bytes:
        self.asked += 1
        if not self.answers:
            await asyncio.sleep(30)
        return b"x"


def test_after_a_rest_one_call_looks_and_the_others_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kv, "OPEN_S", 0.1)

    async def scene() -> None:
        client: Any = Client()
        kept = RedisKeyValue(client, 0.02)
        for _ in range(TRIP):
            with pytest.raises(Away):
                await kept.get("a")
        await asyncio.sleep(0.11)
        answers = await asyncio.gather(*(kept.get("a") for _ in range(50)), return_exceptions=True)
        assert all(isinstance(one, Away) for one in answers)
        assert client.asked == TRIP + 1
        client.answers = True
        await asyncio.sleep(0.11)
        assert await kept.get("a") == b"x"
        assert await asyncio.gather(*(kept.get("a") for _ in range(50))) == [b"x"] * 50

    asyncio.run(scene())
