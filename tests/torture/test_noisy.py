"""A tenant at twenty times its limit, beside a quiet one that is not to notice."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from payaid.rules.tiers import BUDGETS, Tier
from tests.fixtures.api import Api, Person
from tests.fixtures.database import Database
from tests.torture.measured import keep

LIMIT = BUDGETS[Tier.BASIC].minute
CALLERS = 16
# Two windows at most: a run that straddles two minutes may have the limit of both.
WINDOWS = 2


@pytest.fixture(scope="module")
def both(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A service with its limits."""
    with Api.serving(module_database, tmp_path_factory.mktemp("noisy")) as served:
        yield served


def percentile(took: list[float], share: float) -> float:
    return sorted(took)[int(share * len(took))]


def quiet_reads(person: Person, seconds: float) -> list[float]:
    """What a person who clicks along waits for, each time."""
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        started = time.perf_counter()
        assert person.get("/api/v1/contacts").status_code == 200
        took.append(time.perf_counter() - started)
        time.sleep(0.02)
    return took


def shout(person: Person, calls: int, over: threading.Event, client: httpx.Client) -> list[httpx.Response]:
    """So many calls without a pause."""
    mine = person.through(client)
    return [mine.get("/api/v1/contacts") for _ in range(calls) if not over.is_set()]


def test_a_noisy_tenant_gets_its_limit_and_a_quiet_one_its_answers(both: Api) -> None:
    noisy, quiet = both.owner(Tier.BASIC), both.owner(Tier.ENTERPRISE)
    for one in both.at_each_worker(quiet):
        one.get("/api/v1/contacts")
    alone = quiet_reads(quiet, 2.0)
    over, calls = threading.Event(), 20 * LIMIT // CALLERS
    clients = [httpx.Client(base_url=both.url, timeout=20, trust_env=False) for _ in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as pool:
        started = time.monotonic()
        shouting = [pool.submit(shout, noisy, calls, over, client) for client in clients]
        beside = quiet_reads(quiet, 3.0)
        answers = [answer for one in shouting for answer in one.result(60)]
        lasted = time.monotonic() - started
    for client in clients:
        client.close()
    assert len(answers) == calls * CALLERS
    assert lasted < 60, "it was to shout for less than a minute"
    admitted = [one for one in answers if one.status_code == 200]
    refused = [one for one in answers if one.status_code == 429]
    assert len(admitted) + len(refused) == len(answers)
    assert LIMIT * 0.9 <= len(admitted) <= LIMIT * WINDOWS
    for one in refused:
        assert 1 <= int(one.headers["retry-after"]) <= 60
    quiet_ms = {name: round(1000 * percentile(took, 0.95), 1) for name, took in (("alone", alone), ("beside", beside))}
    keep("noisy", {"calls": len(answers), "s": round(lasted, 1), "admitted": len(admitted), "quiet p95 ms": quiet_ms})
    # Threads of one process shout and click here, so the quiet one waits for its own side, too.
    assert percentile(beside, 0.95) < max(0.15, 4 * percentile(alone, 0.95))
