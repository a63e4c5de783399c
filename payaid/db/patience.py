"""How long a server may be silent, and how to stop waiting for it at once.

Cancelling a coroutine is not enough: psycopg then asks the server to cancel, and waits up to ten seconds for one
that is frozen, or behind a network that swallows everything. Hanging up wakes whoever waits, at that moment.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Coroutine, Iterator
from typing import Any
from weakref import WeakSet

from psycopg import Error, errors
from psycopg.pq import TransactionStatus

from payaid.db.connection import Connection

# A server that is alive answers a request to cancel within this.
CANCEL_S = 0.5
_ending: set[asyncio.Task[None]] = set()
_hung_up: WeakSet[Connection] = WeakSet()


def hang_up(connection: Connection) -> None:
    """Shut the socket: whoever waits for an answer gets an OperationalError now, and the pool discards it."""
    if connection.closed:
        return
    _hung_up.add(connection)
    # A duplicate, because libpq goes on owning the descriptor itself.
    with contextlib.suppress(OSError, Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)


def bury(connection: Connection) -> None:
    """Close it if somebody hung up on it. Only for who uses it: libpq finds a shut socket no sooner than it next reads
    from it, so a connection whose answer came first looks sound, and would be lent to the next.
    """
    if connection in _hung_up:
        connection.pgconn.finish()


@contextlib.contextmanager
def answers_within(connection: Connection, seconds: float) -> Iterator[None]:
    """For exchanges that take no time: a server that is silent for so long is lost.

    Raises:
        OperationalError: it was silent, or the connection broke.
    """
    timer = asyncio.get_running_loop().call_later(seconds, hang_up, connection)
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def ends_within(connection: Connection, seconds: float) -> Iterator[None]:
    """For statements: after so long it is cancelled on the server, and the connection is not used again.

    Raises:
        TimeoutError: it took longer, and the server cancelled it.
        OperationalError: the connection broke, or the server did not even answer the request to cancel.
    """
    over = False

    def expire() -> None:
        nonlocal over
        over = True
        _in_background(_cancel(connection))

    timer = asyncio.get_running_loop().call_later(seconds, expire)
    try:
        yield
    except errors.QueryCanceled:
        if over:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
        if over:
            # The request to cancel may still be on its way: it must not meet another's statement.
            hang_up(connection)


def retire(connection: Connection) -> None:
    """Close it, by and by. A statement that it was left in is cancelled on the server: nobody will read the answer."""
    _in_background(_retire(connection))


async def _retire(connection: Connection) -> None:
    if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
        await _ask_to_cancel(connection)
    await connection.close()


async def _cancel(connection: Connection) -> None:
    await _ask_to_cancel(connection)
    await asyncio.sleep(CANCEL_S)
    hang_up(connection)


async def _ask_to_cancel(connection: Connection) -> None:
    with contextlib.suppress(Error, OSError):
        async with asyncio.timeout(CANCEL_S):
            await connection.cancel_safe(timeout=CANCEL_S)


def _in_background(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    _ending.add(task)
    task.add_done_callback(_ending.discard)
