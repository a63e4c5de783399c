"""However a connection ends, it is told as an OperationalError: what whoever lost it can mend, or say."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
import uvloop
from psycopg.errors import InternalError

from payaid.db.connection import CONNECT, Connection
from payaid.db.wire import value

READY = b"Z" + struct.pack(">I", 5) + b"I"


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


def error(severity: bytes, state: bytes, text: bytes) -> bytes:
    return message(b"E", b"S%b\0V%b\0C%b\0M%b\0\0" % (severity, severity, state, text))


# What PgBouncer sends when a server dies under its client: the server's last words, then its own.
LAST_WORDS = error(b"FATAL", b"57P02", b"terminating connection because of a crash of another server process")
# Some last words are of a class that says nothing of connections.
PANIC = error(b"PANIC", b"XX000", b"could not write to the log")
CRASHED = LAST_WORDS + error(b"FATAL", b"08P01", b"server conn crashed?")


async def server(said: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greets as PostgreSQL does, and answers the first statement with this."""
    await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0] - 4)
    settings = {b"server_version": b"15.0", b"client_encoding": b"UTF8", b"standard_conforming_strings": b"on"}
    writer.write(message(b"R", struct.pack(">I", 0)))
    writer.write(b"".join(message(b"S", b"%b\0%b\0" % pair) for pair in settings.items()))
    writer.write(message(b"K", struct.pack(">II", 1, 2)) + READY)
    await reader.read(1)
    writer.write(said)
    await writer.drain()
    writer.close()


def meet(said: bytes, scene: Callable[[Connection], Awaitable[Any]]) -> None:
    async def run() -> None:
        listening = await asyncio.start_server(lambda *ends: server(said, *ends), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            connection = await Connection.connect(f"postgresql://u@127.0.0.1:{port}/d?sslmode=disable", **CONNECT)
            try:
                await scene(connection)
            finally:
                await connection.close()

    uvloop.run(run())


async def begin(connection: Connection) -> None:
    async with connection.transaction():
        pass


async def read(connection: Connection) -> None:
    await value(connection, "SELECT 'x'", {})


async def execute(connection: Connection) -> None:
    await connection.execute("SELECT 'x'")


@pytest.mark.parametrize("said", [b"", LAST_WORDS, PANIC, CRASHED], ids=["nothing", "last words", "panic", "both"])
@pytest.mark.parametrize("scene", [begin, read, execute])
def test_a_server_that_dies_is_a_connection_lost(said: bytes, scene: Callable[[Connection], Awaitable[None]]) -> None:
    with pytest.raises(psycopg.OperationalError):
        meet(said, scene)


def test_two_answers_to_one_command_on_a_line_that_lives_are_a_bug() -> None:
    twice = error(b"ERROR", b"57014", b"one") + error(b"ERROR", b"57014", b"two") + READY
    with pytest.raises(InternalError, match="2 results"):
        meet(twice, begin)
