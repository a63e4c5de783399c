"""The connection for a long read is closed whatever becomes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from payaid.jobs import reading
from payaid.jobs.job import Job


class Server:
    """One connection to it; `answer` is how far its replay is, or how it fails."""

    def __init__(self, answer: bool | BaseException | None) -> None:
        self.answer = answer
        self.closed = False
        self.asked = asyncio.Event()

    async def execute(self, *_: Any) -> "Server":
        self.asked.set()
        if isinstance(self.answer, BaseException):
            raise self.answer
        if self.answer is None:
            await asyncio.Event().wait()
        return self

    async def fetchone(self) -> tuple[Any]:
        return (self.answer,)

    async def close(self) -> None:
        self.closed = True


def connected(monkeypatch: pytest.MonkeyPatch, servers: dict[str, Server]) -> Any:
    """Look for a server: the replicas are asked in turn, then the primary is left."""

    @asynccontextmanager
    async def session() -> AsyncIterator[Server]:
        yield Server(True)

    async def connect(dsn: str) -> Server:
        return servers[dsn]

    monkeypatch.setattr(reading, "_connect", connect)
    settings = SimpleNamespace(replica_dsns=[(name, name) for name in servers if name != "primary"])
    settings.primary_dsn = "primary"
    job = SimpleNamespace(services=SimpleNamespace(settings=settings), session=session)
    return reading._connected(cast("Job", job))


def test_a_replica_that_goes_while_it_is_asked_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        servers = {"a": Server(psycopg.OperationalError("gone")), "b": Server(True), "primary": Server(True)}
        assert await connected(monkeypatch, servers) is servers["b"]
        assert [one.closed for one in servers.values()] == [True, False, False]

    asyncio.run(run())


def test_whatever_else_goes_wrong_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        servers = {"a": Server(psycopg.ProgrammingError("odd")), "primary": Server(True)}
        with pytest.raises(psycopg.ProgrammingError):
            await connected(monkeypatch, servers)
        assert servers["a"].closed

        servers = {"a": Server(None), "primary": Server(True)}
        looking = asyncio.create_task(connected(monkeypatch, servers))
        await servers["a"].asked.wait()
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        assert servers["a"].closed

    asyncio.run(run())
