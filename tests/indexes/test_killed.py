"""A concurrent build, looked at while it runs in each phase, killed there, and mended."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection

from payaidctl.finding import Finding, Status
from payaidctl.indexes import create, verify
from tests.fixtures.postgres15 import Server
from tests.indexes import busy

FIRST = "died in the first phase"
SECOND = "died in the second phase"
READER = "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"


@pytest.fixture
def url(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("PAYAID_CONTENT", str(busy.declare(tmp_path)))
    grants = 'GRANT SELECT ON "Contact" TO reader'
    with server.database(f"{READER} {busy.TABLE} {grants}") as made:
        yield made


async def verdict(url: str) -> Finding:
    [finding] = await verify(url, index_set="slow", prove=False)
    return finding


async def arrange(opened: AsyncExitStack, url: str, phase: str) -> asyncio.Task[None]:
    """Start the build, and put in its way what keeps it in that phase."""
    if phase == "waiting for writers before build":
        await opened.enter_async_context(busy.writer(url))
    building = asyncio.create_task(busy.build(url))
    observer = await opened.enter_async_context(busy.session(url, name="observer"))
    if phase == "waiting for writers before build":
        return building
    await busy.reach(observer, "building index")
    if phase == "waiting for writers before validation":
        await opened.enter_async_context(busy.writer(url))
    if phase == "index validation: scanning table":
        # These rows came after the first scan began, so the validation has to index them.
        await observer.execute(
            """INSERT INTO "Contact" (note) SELECT 'slow late ' || i FROM generate_series(1, 90) i"""
        )
    if phase == "waiting for old snapshots":
        await opened.enter_async_context(busy.old_snapshot(url))
    return building


@pytest.mark.parametrize("kill", ["pg_cancel_backend", "pg_terminate_backend"])
@pytest.mark.parametrize(
    ("phase", "death"),
    [
        ("waiting for writers before build", FIRST),
        ("building index", FIRST),
        ("waiting for writers before validation", SECOND),
        ("index validation: scanning table", SECOND),
        ("waiting for old snapshots", SECOND),
    ],
)
def test_phase(url: str, phase: str, death: str, kill: str) -> None:
    async def scenario() -> None:
        async with AsyncExitStack() as opened:
            building = await arrange(opened, url, phase)
            observer = await opened.enter_async_context(busy.session(url, name="observer"))
            pid = await busy.reach(observer, phase)
            seen = await verdict(url)
            assert (seen.evidence["state"], seen.status) == ("building", Status.INCONCLUSIVE), seen
            assert f"by pid {pid}, postgres" in seen.observed
            assert phase in seen.observed
            assert "%" in seen.observed
            hidden = await verdict(url.replace("postgres@", "reader@"))
            assert hidden.evidence["state"] == "building", hidden
            assert "phase hidden from this role" in hidden.observed
            await observer.execute(f"SELECT {kill}({pid})".encode())
            await building
        dead = await verdict(url)
        assert (dead.evidence["state"], dead.status) == ("invalid", Status.FAIL)
        assert death in dead.observed
        [mended] = await create(url, index_set="slow")
        assert (mended.evidence["state"], mended.status) == ("ok", Status.PASS), mended
        assert (await verdict(url)).status is Status.PASS

    asyncio.run(scenario())


def test_killed_while_it_was_dropped(url: str) -> None:
    """In the second wait of DROP INDEX CONCURRENTLY the index is dead already, and still there."""

    async def scenario() -> None:
        async with await AsyncConnection.connect(url, autocommit=True) as own:
            await own.execute('CREATE INDEX idx_slow ON "Contact" (plod(note))')
        reading = ("BEGIN", 'SELECT count(*) FROM "Contact"')
        async with busy.session(url, name="observer") as observer, busy.session(url, *reading) as first:
            dropper = await AsyncConnection.connect(url, autocommit=True)
            dropping = asyncio.create_task(dropper.execute("DROP INDEX CONCURRENTLY idx_slow"))
            await blocked_by(observer, dropper, first)
            async with busy.session(url, *reading) as second:
                await first.execute("COMMIT")
                await blocked_by(observer, dropper, second)
                await dropper.cancel_safe()
                with pytest.raises(psycopg.errors.QueryCanceled):
                    await dropping
            await dropper.close()
        dead = await verdict(url)
        assert dead.evidence["state"] == "invalid"
        assert "died while being dropped" in dead.observed
        [mended] = await create(url, index_set="slow")
        assert mended.status is Status.PASS, mended

    asyncio.run(scenario())


async def blocked_by(observer: AsyncConnection, held: AsyncConnection, holder: AsyncConnection) -> None:
    async def ask() -> list[int]:
        cursor = await observer.execute("SELECT pg_blocking_pids(%s)", [held.info.backend_pid])
        row = await cursor.fetchone()
        return row[0] if row else []

    await busy.until(ask, lambda pids: pids == [holder.info.backend_pid], "blocked by the reader")


def test_a_plain_build_is_told(url: str) -> None:
    """A CREATE INDEX without CONCURRENTLY is invisible until it commits; its progress is not."""

    async def scenario() -> None:
        async with busy.session(url, "BEGIN", name="a person at noon") as person, busy.session(url) as observer:
            building = asyncio.create_task(person.execute('CREATE INDEX idx_slow ON "Contact" (plod(note))'))
            pid = await busy.reach(observer, "building index")
            seen = await verdict(url)
            assert seen.evidence["state"] == "missing"
            assert "a build runs on its table: building index" in seen.observed
            assert f"by pid {pid}, postgres (a person at noon)" in seen.observed
            [refused] = await create(url, index_set="slow")
            assert refused.status is Status.FAIL
            assert "run again when it has ended" in refused.advice
            await building
            await person.execute("COMMIT")
        assert (await verdict(url)).status is Status.PASS

    asyncio.run(scenario())
