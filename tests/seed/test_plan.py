"""Sizes and plans of the tenants to be, and rows that are the same wherever they are made."""

import asyncio
import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from payaid.rules.gstin import parse, state_code
from payaid.rules.tiers import BUDGETS, Tier
from payaidctl.seed import workers as workers_module
from payaidctl.seed.make import make
from payaidctl.seed.plan import Parameters, TenantPlan, plan
from payaidctl.seed.pools import products
from payaidctl.seed.tables import TABLES
from payaidctl.seed.words.places import CITIES
from payaidctl.seed.words.trades import TRADES
from payaidctl.seed.workers import workers

SMALL = Parameters(tenants=6, contacts=40, seed=42, as_of=date(2026, 4, 1))
LARGE = Parameters(tenants=400, contacts=500, seed=42, as_of=date(2026, 4, 1))


def test_four_hundred_tenants_carry_ten_thousand_users() -> None:
    assert sum(tenant.users for tenant in plan(LARGE)) >= 10_000


def test_users_stay_within_seventy_percent_of_their_plan() -> None:
    for tenant in plan(LARGE):
        budget = BUDGETS[tenant.tier]
        asked = tenant.users * 6
        assert asked <= 0.7 * budget.minute or tenant.users == 1, tenant
        assert asked * 60 <= 0.7 * budget.hour or tenant.users == 1, tenant


def test_sizes_are_skewed_like_life_and_plans_grow_with_them() -> None:
    tenants = sorted(plan(LARGE)[1:], key=lambda one: -one.contacts)
    total = sum(one.contacts for one in tenants)
    assert abs(total / len(tenants) - LARGE.contacts) < 5
    assert sum(one.contacts for one in tenants[:40]) > 0.4 * total
    assert tenants[len(tenants) // 2].contacts < LARGE.contacts / 2
    order = list(Tier)
    tiers = [order.index(one.tier) for one in sorted(tenants, key=lambda one: (-one.contacts, -order.index(one.tier)))]
    assert tiers == sorted(tiers, reverse=True)
    assert set(tiers) == {0, 1, 2, 3}


def test_the_demo_tenant_is_first_and_has_everything() -> None:
    demo = plan(SMALL)[0]
    assert (demo.id, demo.tier, demo.contacts) == ("demo", Tier.ENTERPRISE, SMALL.contacts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tenants_are_told_apart_over_seeds(seed: int) -> None:
    some, others = plan(replace(LARGE, seed=seed)), plan(replace(LARGE, seed=seed + 3))
    for column in ("id", "domain"):
        values = Counter(getattr(one, column) for one in some[1:] + others[1:])
        assert values.most_common(1)[0][1] == 1


def test_supplier_numbers_are_valid_and_of_their_state() -> None:
    for tenant in plan(LARGE):
        assert parse(tenant.gstin).state == tenant.city[1]


def test_the_words_are_real_states_and_codes_and_need_no_escaping() -> None:
    for _, code, prefix in CITIES:
        assert state_code(code) == code
        assert re.fullmatch(r"[1-9]\d\d", prefix)
    for trade in TRADES:
        assert len({name for name, *_ in products(trade)}) == 200
    assert all("\\" not in block.replace("\\N", "") for block in blocks(SMALL).values())


def blocks(parameters: Parameters) -> dict[str, str]:
    numbers = range(parameters.tenants)
    return {table.name: make(parameters, table.name, numbers).decode() for table in TABLES}


def test_every_row_has_its_columns() -> None:
    for table in TABLES:
        for row in blocks(SMALL)[table.name].splitlines():
            assert len(row.split("\t")) == len(table.columns.split()), (table.name, row)


def test_the_same_parameters_make_the_same_bytes_in_any_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def made(worth: int) -> list[bytes]:
        monkeypatch.setattr(workers_module, "WORTH_PROCESSES", worth)
        tenants: list[TenantPlan] = plan(SMALL)
        async with workers(SMALL, tenants) as some:
            assert bool(some.lanes) == (worth == 0)
            return [block for table in TABLES async for block in some.blocks(table.name, tenants)]

    here = asyncio.run(made(worth=10**9))
    assert here == asyncio.run(made(worth=0))


@pytest.mark.parametrize("change", [{"seed": 43}, {"as_of": date(2026, 4, 2)}])
def test_another_seed_or_day_makes_other_data(change: dict[str, object]) -> None:
    assert blocks(replace(SMALL, **change))["Deal"] != blocks(SMALL)["Deal"]  # type: ignore[arg-type]


def test_nothing_is_newer_than_yesterday() -> None:
    created = [row.split("\t")[-4] for row in blocks(SMALL)["Contact"].splitlines()]
    assert max(created).startswith("2026-03-31") or max(created) < "2026-03-31"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+05:30", one) for one in created)
