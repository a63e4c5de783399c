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

from psycopg import AsyncConnection, DataError, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Connection = AsyncConnection[tuple[Any, ...]]

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
    pgconn, loop = connection.pgconn, asyncio.get_running_loop()
    line = pgconn.socket
    results: list[PGresult] = []
    over: asyncio.Future[None] = loop.create_future()

    def step() -> None:
        try:
            pgconn.flush()  # what the socket did not take at once
            pgconn.consume_input()
            while not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    if not over.done():
                        over.set_result(None)
                    return
                results.append(result)
        except OperationalError as error:
            if not over.done():
                over.set_exception(error)

    pgconn.send_query_params(text, [written(params[name]) for name in names])
    unsent = pgconn.flush()
    loop.add_reader(line, step)
    if unsent:
        loop.add_writer(line, step)
    try:
        await over
    finally:
        loop.remove_reader(line)
        if unsent:
            loop.remove_writer(line)
    result = results[-1]
    if result.status != ExecStatus.TUPLES_OK:
        raise error_from_result(result)
    return result.get_value(0, 0) if result.ntuples else None


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
