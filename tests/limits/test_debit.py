"""The limiter's one step, over one node and over a cluster: never more than the limit, never refused early by more
than what is leased out."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from payaid.kv import KeyValue, Script, connect
from payaid.limits.limiter import DEBIT, LEASE_SHARE, Limiter, Ruling
from payaid.rules.tiers import BUDGETS, Budget, Tier
from payaid.settings import Settings
from payaidctl.stack import Stack
from tests.fixtures.keyvalue import LoneNode

SECRET = "a secret that only tests have, of some length"
ENTERPRISE = BUDGETS[Tier.ENTERPRISE]
LIFE = Script("return redis.call('PTTL', KEYS[1])")
Scene = Callable[[KeyValue], Awaitable[None]]


@pytest.fixture(scope="module", params=["single", "cluster"])
def settings(request: pytest.FixtureRequest) -> Settings:
    if request.param == "single":
        node: LoneNode = request.getfixturevalue("lone_node")
        redis = {"REDIS_URL": node.url}
    else:
        stack: Stack = request.getfixturevalue("stack")
        redis = {name: stack.env()[name] for name in ("REDIS_CLUSTER_NODES", "REDIS_PASSWORD")}
    return Settings.read(
        {"DATABASE_URL": "postgresql://nowhere/x", "JWT_SECRET": SECRET, "REDIS_TIMEOUT_MS": "2000"} | redis
    )


def play(settings: Settings, scene: Scene) -> None:
    async def run() -> None:
        kept: Any = connect(settings)
        try:
            await scene(kept)
        finally:
            await kept.close()

    asyncio.run(run())


def whose() -> str:
    return f"test-{uuid.uuid4().hex}"


async def within_a_minute(kept: KeyValue) -> None:
    """Wait out a minute that ends in a moment: the windows are Redis' own, and a scene needs one for itself."""
    left = (await Limiter(kept).admit(whose(), Budget(1, 0))).minute_ends_s
    if left < 3:
        await asyncio.sleep(left + 0.05)


async def spend(limiter: Limiter, key: str, budget: Budget, calls: int, cost: int = 1) -> list[Ruling]:
    return [await limiter.admit(key, budget, cost) for _ in range(calls)]


@pytest.mark.parametrize("budget", [Budget(60, 1_000), Budget(10, 0)])
def test_exactly_the_limit_is_admitted_and_the_headers_count_down(settings: Settings, budget: Budget) -> None:
    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)
        rulings = await spend(Limiter(kept), whose(), budget, budget.minute + 5)
        assert [one.admitted for one in rulings] == [True] * budget.minute + [False] * 5
        assert [one.left_minute for one in rulings] == [*range(budget.minute - 1, -1, -1), *[0] * 5]
        refused = rulings[-1]
        assert 1 <= refused.retry_after_s <= 60
        assert refused.retry_after_s >= refused.minute_ends_s
        assert all((one.left_hour == -1) == (budget.hour == 0) for one in rulings)

    play(settings, scene)


def test_the_hour_is_a_window_of_its_own(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)
        rulings = await spend(Limiter(kept), whose(), Budget(100, 30), 32)
        assert [one.admitted for one in rulings] == [True] * 30 + [False] * 2
        refused = rulings[-1]
        assert refused.left_minute == 70
        assert refused.retry_after_s >= int(refused.hour_ends_s)

    play(settings, scene)


def test_a_request_may_cost_more_than_one(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)
        limiter, key = Limiter(kept), whose()
        rulings = await spend(limiter, key, Budget(60, 1_000), 7, cost=10)
        assert [one.admitted for one in rulings] == [True] * 6 + [False]
        key = whose()
        await spend(limiter, key, Budget(60, 1_000), 55)
        assert not (await limiter.admit(key, Budget(60, 1_000), 10)).admitted
        assert (await limiter.admit(key, Budget(60, 1_000), 5)).admitted, "what was refused was not charged"
        hourly = Budget(1_000, 15)
        key = whose()
        assert (await limiter.admit(key, hourly, 10)).admitted
        refused = await limiter.admit(key, hourly, 10)
        assert not refused.admitted
        assert refused.retry_after_s >= int(refused.hour_ends_s), "it is the hour that it does not fit into"

    play(settings, scene)


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_many_processes_together_never_pass_the_limit(settings: Settings, processes: int) -> None:
    """Leases let each ask Redis rarely: together they stay within, and refuse early by less than a tenth."""

    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)
        limiters, key = [Limiter(kept) for _ in range(processes)], whose()
        calls = 1_200 // processes
        rulings = [one for found in await asyncio.gather(*(spend(each, key, ENTERPRISE, calls) for each in limiters))
                   for one in found]  # fmt: skip
        admitted = sum(one.admitted for one in rulings)
        leased_out = sum(lease.left for each in limiters for lease in each._leases.values())
        assert admitted <= ENTERPRISE.minute
        assert admitted >= ENTERPRISE.minute - leased_out
        assert leased_out <= ENTERPRISE.minute / 10
        assert sum(one.how == "leased" for one in rulings) > 400, "far from the limit most calls ride on a lease"

    play(settings, scene)


def test_small_plans_get_no_leases(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)
        rulings = await spend(Limiter(kept), whose(), BUDGETS[Tier.FREE], 40)
        assert {one.how for one in rulings} == {"admitted"}

    play(settings, scene)


def test_a_process_that_dies_with_its_lease_costs_less_than_a_tenth(settings: Settings) -> None:
    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)
        key = whose()
        for _ in range(30):
            await Limiter(kept).admit(key, ENTERPRISE)  # one call, one lease, and gone
        rulings = await spend(Limiter(kept), key, ENTERPRISE, 1_000)
        admitted = 30 + sum(one.admitted for one in rulings)
        assert ENTERPRISE.minute * 0.9 <= admitted <= ENTERPRISE.minute

    play(settings, scene)


def test_what_is_left_of_a_lease_is_given_back_to_the_windows_that_it_was_charged_to(settings: Settings) -> None:
    """A process that has one request a minute would be charged a lease for each, and the hour would end early."""

    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)

        async def left(key: str, wanted: int, *last: int) -> tuple[int, int, int, int]:
            _, minute, hour, _, _, granted, number = await kept.run(DEBIT, f"rl:{key}", 1, *ENTERPRISE, wanted, *last)
            return minute, hour, granted, number

        same, earlier, yesterday = whose(), whose(), whose()
        for key in (same, earlier, yesterday):
            minute, hour, granted, number = await left(key, 25, 0, 0, 0)
            assert (minute, hour, granted) == (1_000 - 26, 100_000 - 26, 25)
        assert (await left(same, 0, 1, 24, number))[:2] == (1_000 - 26 - 1 + 24, 100_000 - 26 - 1 + 24)
        another_hour = number % 60 == 0
        back = 0 if another_hour else 24
        assert (await left(earlier, 0, 1, 24, number - 1))[:2] == (1_000 - 27, 100_000 - 27 + back)
        assert (await left(yesterday, 0, 1, 24, number - 1_440))[:2] == (1_000 - 27, 100_000 - 27)

    play(settings, scene)


def test_a_key_goes_when_its_windows_are_over_whatever_happens(settings: Settings) -> None:
    """INCR and then EXPIRE leaves a tenant blocked for ever when a crash comes between them: here it is one step."""

    async def scene(kept: KeyValue) -> None:
        for budget, longest in ((Budget(60, 0), 120_000), (Budget(60, 10), 3_660_000)):
            key = whose()
            await kept.run(DEBIT, f"rl:{key}", 1, *budget, 0, 0, 0, 0)
            left = await kept.run(LIFE, f"rl:{key}")
            assert 0 < left <= longest

    play(settings, scene)


def test_the_clock_is_redis_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose clock is a day off decides the same."""

    async def scene(kept: KeyValue) -> None:
        await within_a_minute(kept)
        key, budget = whose(), Budget(20, 0)
        right = Limiter(kept)
        assert sum(one.admitted for one in await spend(right, key, budget, 10)) == 10
        wrong, real = Limiter(kept), time.time
        monkeypatch.setattr("payaid.limits.limiter.time.time", lambda: real() + 86_400)
        rulings = await spend(wrong, key, budget, 15)
        assert sum(one.admitted for one in rulings) == 10

    play(settings, scene)


@profile(max_examples=30)
@given(
    calls=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1, 1, 1, 1, 10, 40])), max_size=60),
    budget=st.sampled_from([Budget(200, 0), Budget(200, 150), Budget(60, 1_000), Budget(400, 350)]),
)
def test_whoever_asks_for_whatever_the_sum_fits(
    lone_node: LoneNode, calls: list[tuple[int, int]], budget: Budget
) -> None:
    async def scene(kept: KeyValue) -> None:
        limiters, key = [Limiter(kept) for _ in range(3)], whose()
        before = await Limiter(kept).admit(whose(), Budget(1, 0))
        spent = 0
        for who, cost in calls * 3:
            ruling = await limiters[who].admit(key, budget, cost)
            spent += cost * ruling.admitted
            bound = min(budget.minute, budget.hour or budget.minute)
            assert spent <= bound or before.minute_ends_s < 2
            assert ruling.left_minute >= 0
            if not ruling.admitted and before.minute_ends_s > 2:
                reserve = sum(lease.left for each in limiters for lease in each._leases.values())
                assert spent + cost + budget.minute / 10 + reserve > bound

    settings = Settings.read({"DATABASE_URL": "postgresql://nowhere/x", "JWT_SECRET": SECRET,
                              "REDIS_URL": lone_node.url, "REDIS_TIMEOUT_MS": "2000"})  # fmt: skip
    play(settings, scene)


def test_a_lease_is_small() -> None:
    assert LEASE_SHARE * 4 <= 0.1
