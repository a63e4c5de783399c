"""The connection for a long read is closed whatever becomes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from payaid.db.identity import Identity
from payaid.jobs import reading
from payaid.jobs.job import Job

PRIMARY = Identity("1", "00", in_recovery=False, timeline="00000001")
REPLICA = PRIMARY._replace(in_recovery=True)


class Server:
    """One connection to it, and who it says it is; or how it fails, or (None) that it says nothing."""

    def __init__(self, answer: Identity | BaseException | None) -> None:
        self.answer = answer
        self.closed = False
        self.asked = asyncio.Event()

    async def close(self) -> None:
        self.closed = True


async def identify(server: Server) -> Identity:
    server.asked.set()
    if isinstance(server.answer, BaseException):
        raise server.answer
    if server.answer is None:
        await asyncio.Event().wait()
    assert isinstance(server.answer, Identity)
    return server.answer


async def at_ten(*_: object) -> int:
    return 10


async def replayed(*_: object) -> tuple[int, str, bool]:
    return 10, "00", True


def connected(monkeypatch: pytest.MonkeyPatch, servers: dict[str, Server]) -> Any:
    """Look for a server: the replicas are asked in turn, then the primary is left."""

    @asynccontextmanager
    async def session() -> AsyncIterator[Server]:
        yield Server(PRIMARY)

    async def connect(dsn: str) -> Server:
        return servers[dsn]

    for name, double in {"_connect": connect, "identify": identify, "inserted": at_ten, "replayed": replayed}.items():
        monkeypatch.setattr(reading, name, double)
    settings = SimpleNamespace(replica_dsns=[(name, name) for name in servers if name != "primary"])
    settings.primary_dsn = "primary"
    job = SimpleNamespace(services=SimpleNamespace(settings=settings), session=session)
    return reading._connected(cast("Job", job))


@pytest.mark.parametrize(
    "stranger", [PRIMARY, REPLICA._replace(system="2"), REPLICA._replace(timeline="00000002")],
    ids=["a primary", "of another cluster", "of another timeline"],
)  # fmt: skip
def test_whose_positions_do_not_compare_is_not_read_from(monkeypatch: pytest.MonkeyPatch, stranger: Identity) -> None:
    servers = {"a": Server(stranger), "b": Server(REPLICA), "primary": Server(PRIMARY)}
    assert asyncio.run(connected(monkeypatch, servers)) is servers["b"]
    assert [one.closed for one in servers.values()] == [True, False, False]


def test_a_replica_that_goes_while_it_is_asked_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        servers = {"a": Server(psycopg.OperationalError("gone")), "b": Server(REPLICA), "primary": Server(PRIMARY)}
        assert await connected(monkeypatch, servers) is servers["b"]
        assert [one.closed for one in servers.values()] == [True, False, False]

    asyncio.run(run())


def test_whatever_else_goes_wrong_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        servers = {"a": Server(psycopg.ProgrammingError("odd")), "primary": Server(PRIMARY)}
        with pytest.raises(psycopg.ProgrammingError):
            await connected(monkeypatch, servers)
        assert servers["a"].closed

        servers = {"a": Server(None), "primary": Server(PRIMARY)}
        looking = asyncio.create_task(connected(monkeypatch, servers))
        await servers["a"].asked.wait()
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        assert servers["a"].closed

    asyncio.run(run())
