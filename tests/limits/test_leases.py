"""Leases of one process: what was charged ahead is spent, whoever's question it was."""

import asyncio
from typing import Any

from payaid.limits.limiter import Limiter
from payaid.rules.tiers import BUDGETS, Tier

ENTERPRISE = BUDGETS[Tier.ENTERPRISE]


class Redis:
    """Grants what is asked for, after a moment, and remembers what was reported as spent."""

    def __init__(self) -> None:
        self.spent: list[int] = []

    async def run(
        self, _: Any, __: str, cost: int, minute: int, hour: int, wanted: int, spent: int, *_last: int
    ) -> Any:
        self.spent.append(spent)
        await asyncio.sleep(0.01)
        return [1, minute - cost - wanted, hour - cost - wanted, 30_000, 60_000, wanted, 7]


def test_leases_that_callers_got_at_once_are_all_spent_and_all_reported() -> None:
    async def scene() -> None:
        redis: Any = Redis()
        limiter = Limiter(redis)
        await asyncio.gather(*(limiter.admit("t", ENTERPRISE) for _ in range(3)))
        lease = 25  # a fortieth of a thousand
        for _ in range(3 * lease):
            ruling = limiter.ride("t", ENTERPRISE)
            assert ruling is not None
            assert ruling.how == "leased"
        assert limiter.ride("t", ENTERPRISE) is None
        await limiter.admit("t", ENTERPRISE)
        assert redis.spent == [0, 0, 0, 3 * lease]

    asyncio.run(scene())
