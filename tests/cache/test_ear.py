"""The ear alone: what makes it deaf, how soon, and that it hears again."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from payaid.cache.ear import BARRIER_S, CHANNEL, SILENCE_S, Ear, Garbled, parse_notice
from payaid.cache.keys import row
from payaid.cache.stamps import PATIENCE_S, STILL_S, Hearing, Stamps
from tests.fixtures.database import Database
from tests.fixtures.relay import Relay


class Frozen:
    """Passes bytes on to a server, until it is frozen: then it takes them, and new connections, and says nothing."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self.frozen = False
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """The URL under which the server is reached through here."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        user, _, _ = self._url.netloc.rpartition("@")
        try:
            yield urlunsplit(self._url._replace(netloc=f"{user}@127.0.0.1:{port}"))
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._url.hostname, self._url.port)
        for one, other in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.ensure_future(self._pass(one, other))
            self._tasks.add(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.frozen:
                writer.write(data)
                await writer.drain()
        writer.close()


async def becomes(stamps: Stamps, hearing: Hearing, within_s: float) -> float:
    """Seconds until it is so."""
    started = time.monotonic()
    while stamps.hearing is not hearing:
        assert time.monotonic() - started < within_s, f"still {stamps.hearing}"
        await asyncio.sleep(0.01)
    return time.monotonic() - started


def listening(url: str, scene: Callable[[Stamps], Awaitable[None]]) -> None:
    """Play a scene while an ear listens at this URL."""

    async def run() -> None:
        stamps = Stamps(time.monotonic)
        task = asyncio.ensure_future(Ear(url, stamps, lambda: None).run())
        try:
            await becomes(stamps, Hearing.HEARING, 5)
            await scene(stamps)
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(run())


def test_a_server_that_freezes_makes_deaf_within_the_silence_that_is_allowed(database: Database) -> None:
    """Its connection stays open and says nothing. psycopg itself would wait ten seconds for the cancelled query."""

    async def run() -> None:
        relay, stamps = Frozen(database.listen_url), Stamps(time.monotonic)
        async with relay.running() as url:
            task = asyncio.ensure_future(Ear(url, stamps, lambda: None).run())
            try:
                await becomes(stamps, Hearing.HEARING, 5)
                relay.frozen = True
                await becomes(stamps, Hearing.DARK, SILENCE_S + 0.75)
            finally:
                task.cancel()
                await asyncio.wait([task], timeout=0.1)

    asyncio.run(run())


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "not json",
        "[]",
        '{"tenant": "t"}',
        '{"tenant":"t","table":"x","ids":5,"facets":null}',
        '{"tenant":"t","table":"x","ids":[%s],"facets":null}' % ("[" * 1000 + "]" * 1000),
        '{"tenant":"t","table":"x","ids":["1"],"facets":{"stage":[%s]}}' % ("[" * 1000 + "]" * 1000),
    ],
)
def test_a_notice_that_nobody_can_read_costs_the_cache_and_not_the_hearing(database: Database, payload: str) -> None:
    """Any role may NOTIFY. What it meant is not known, so what was kept before is not believed any more."""

    async def scene(stamps: Stamps) -> None:
        before = stamps.floor
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
        deadline = time.monotonic() + 5
        while not (stamps.hearing is Hearing.HEARING and stamps.floor > before):
            assert time.monotonic() < deadline, stamps.hearing
            await asyncio.sleep(0.01)

    listening(database.listen_url, scene)


def test_what_was_announced_while_the_process_stood_still_is_stamped_before_anything_is_believed(
    database: Database,
) -> None:
    async def scene(stamps: Stamps) -> None:
        floor = stamps.floor
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            # More than is read from a socket at once.
            connection.execute(
                'SELECT pg_notify(%s, format(\'{"tenant":"t","table":"Deal","ids":["%%s"],"facets":{}}\', n))'
                " FROM generate_series(1, 3000) n",
                (CHANNEL,),
            )
        time.sleep(STILL_S)  # noqa: ASYNC251  # the standstill
        assert time.time() >= stamps.believed_until
        while time.time() >= stamps.believed_until:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert stamps.hearing is Hearing.HEARING
        assert all(stamps.needed([row("t", "Deal", str(number))]) > floor for number in range(1, 3001))

    listening(database.listen_url, scene)


def test_who_stood_still_while_the_ear_was_waiting_believes_nothing_before_it_listens_anew(
    database: Database, relays: Callable[..., Relay]
) -> None:
    """Deaf then, and with a position of before the standstill: that would be dark, and all that is kept believed."""
    listening_by = relays(database.stack.site.ports["primary"])

    async def scene(stamps: Stamps) -> None:
        listening_by.hold()
        await asyncio.sleep(2 * BARRIER_S)
        time.sleep(STILL_S)  # noqa: ASYNC251  # the standstill
        resumed = time.monotonic()
        listening_by.release()
        assert time.time() >= stamps.believed_until
        await becomes(stamps, Hearing.DARK, PATIENCE_S)
        while stamps.hearing is not Hearing.HEARING and time.monotonic() - resumed < PATIENCE_S:
            assert time.time() >= stamps.believed_until
            await asyncio.sleep(0)
        while time.time() >= stamps.believed_until:
            assert time.monotonic() - resumed < 4 * PATIENCE_S
            await asyncio.sleep(0)

    listening(listening_by.url(database.listen_url), scene)


def test_while_nobody_answers_a_running_process_goes_on_believing_what_deaf_and_dark_allow(
    database: Database, relays: Callable[..., Relay]
) -> None:
    listening_by = relays(database.stack.site.ports["primary"])

    async def scene(stamps: Stamps) -> None:
        listening_by.away()
        await becomes(stamps, Hearing.DARK, 2)
        until = time.monotonic() + STILL_S + PATIENCE_S
        while time.monotonic() < until:
            assert time.time() < stamps.believed_until
            await asyncio.sleep(0.05)

    listening(listening_by.url(database.listen_url), scene)


def test_a_readable_notice_is_what_the_triggers_write() -> None:
    found = parse_notice('{"tenant":"t","table":"Deal","ids":["1"],"facets":{"stage":["won",null]}}')
    assert (found.ids, found.facets) == (("1",), {"stage": ["won", None]})
    with pytest.raises(Garbled):
        parse_notice('{"tenant":"t","table":"Deal","ids":null,"facets":[]}')
