"""One statement, one text value, on a borrowed connection: the way of every read, and so a short one.

libpq does the talking, as for any other statement. What is left out is what a read here has no use for: a cursor,
rows, types, notices, and a wait that registers and polls the socket anew at each step. A read costs a third of the
processor time of `connection.execute` (docs/decisions/0010).
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from psycopg import DataError, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from payaid.db.connection import Connection

# A socket that became ready and was not reported (see `_look`) is found after this.
LOOK_S = 0.1
_PARAMETER = re.compile(r"%(?:\((\w+)\)s|(%))")
_TO_ESCAPE = re.compile(r'(["\\])')


async def value(connection: Connection, sql: str, params: Mapping[str, Any]) -> bytes | None:
    """The first column of the first row as text, undecoded; None for null.

    A caller that is cancelled leaves the connection in the middle of the statement: the pool sees that.

    Raises:
        psycopg.Error: the server's refusal, as psycopg names it; OperationalError where the connection is lost.
        DataError: a text holds a NUL character.
    """
    text, names = numbered(sql)
    result = await _Exchange(connection.pgconn).run(text, [written(params[name]) for name in names])
    if result.status != ExecStatus.TUPLES_OK:
        error = error_from_result(result)
        connection.lost(error)
        raise error
    return result.get_value(0, 0) if result.ntuples else None


class _Exchange:
    """One statement and what comes back, with the event loop watching the socket."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn = pgconn
        self._line = pgconn.socket
        self._loop = asyncio.get_running_loop()
        self._results: list[PGresult] = []
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, text: bytes, params: list[bytes | None]) -> PGresult:
        self._pgconn.send_query_params(text, params)
        unsent = self._pgconn.flush()
        self._timer = self._loop.call_later(LOOK_S, self._look)
        self._loop.add_reader(self._line, self._step)
        if unsent:
            self._loop.add_writer(self._line, self._step)
        try:
            await self._over
        except asyncio.CancelledError:
            self._unlisten()
            raise
        return self._results[-1]

    def _step(self) -> None:
        try:
            if not self._pgconn.flush():
                self._loop.remove_writer(self._line)
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self._end(None)
                    return
                self._results.append(result)
        except OperationalError as error:
            self._end(None if self._results else error)  # what the server said last is known

    def _look(self) -> None:
        # libuv stops to watch a socket that was reset, and says nothing.
        self._timer = self._loop.call_later(LOOK_S, self._look)
        self._step()

    def _end(self, error: OperationalError | None) -> None:
        # Now, not when our caller runs: libpq may have closed the socket, and whoever connects next has its number.
        self._unlisten()
        if self._over.done():
            return  # our caller was cancelled, and has not run since
        if error:
            self._over.set_exception(error)
        else:
            self._over.set_result(None)

    def _unlisten(self) -> None:
        """Once: a second time the socket's number may be another's."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._loop.remove_reader(self._line)
            self._loop.remove_writer(self._line)


@lru_cache(maxsize=8192)
def numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """A text with named parameters as one with numbers, and the names in the order of the numbers."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return "%" if found[2] else f"${names.setdefault(found[1], len(names) + 1)}"

    return _PARAMETER.sub(number, sql).encode(), tuple(names)


def written(one: Any) -> bytes | None:
    """A parameter as PostgreSQL reads it: a text whose type follows from where it stands."""
    match one:
        case None:
            return None
        case str():
            if "\0" in one:
                raise DataError("PostgreSQL text cannot contain NUL characters")
            return one.encode()
        case bool():
            return b"t" if one else b"f"
        case int():
            return b"%d" % one
        case list():
            return _array(one)
    raise TypeError(f"a statement has no parameters of {type(one).__name__}")


def _array(items: Sequence[Any]) -> bytes:
    texts = [written(item) for item in items]
    quoted = (
        b"NULL" if text is None else b'"' + _TO_ESCAPE.sub(r"\\\1", text.decode()).encode() + b'"' for text in texts
    )
    return b"{" + b",".join(quoted) + b"}"
