"""The short run: every fault but a restart of the primary once, in half a minute, and a judge who finds nothing."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from payaidctl.stack import Stack
from tests.fixtures.database import Database
from tests.torture.faults import SHORT, Place, at_its_place
from tests.torture.history import Kind, Outcome
from tests.torture.run import Run

SEED, SECONDS = 20261122, 30.0


@pytest.fixture(scope="module")
def place(stack: Stack, module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service to be tortured."""
    with at_its_place(stack, module_database, tmp_path_factory.mktemp("torture")) as made:
        yield made


def test_no_history_of_half_a_minute_is_impossible(place: Place, tmp_path: Path) -> None:
    run = Run(place, SEED, SHORT)
    asyncio.run(run.go(SECONDS))
    kept = tmp_path / f"history-{SEED}.jsonl"
    run.save(kept)
    told = "\n".join(f"{name:18} {text}" for name, text in run.figures.table(run.judge.staleness))
    sys.stderr.write(told + "\n")
    assert not run.findings, f"{len(run.findings)} findings; history in {kept}\n{told}\n{run.findings[:5]}"
    assert set(run.figures.faults) == set(SHORT), told
    assert {kind for kind in Kind if run.figures.reads[kind]} == set(Kind), told
    assert {"l1", "l2", "miss"} <= run.figures.hits.keys(), told
    assert run.figures.shown > 100, told
    assert run.figures.all_reads > 1000, told
    assert run.figures.writes["api", Outcome.DONE] > 50, told
    assert run.figures.writes["sql", Outcome.DONE] > 50, told
    assert '"event": "crashed"' not in place.api.logged()
