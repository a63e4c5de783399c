"""The short way of a read: what goes in comes out, and every end of a statement is told as psycopg tells it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors
from psycopg.pq import TransactionStatus

from payaid.db.connection import CONNECT, Connection
from payaid.db.wire import _Exchange, numbered, value, written
from tests.fixtures.database import Database
from tests.fixtures.relay import Relay

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def play(database: Database, scene: Callable[[Connection], Awaitable[Any]], url: str = "") -> Any:
    async def run() -> Any:
        connection = await Connection.connect(url or database.service_url, **CONNECT)
        try:
            return await scene(connection)
        finally:
            await connection.close()

    return uvloop.run(run())


def test_whatever_is_given_comes_back(module_database: Database) -> None:
    cases: list[tuple[str, Any, str | None]] = [
        ("text", "plain", "plain"), ("text", "", ""), ("text", "q'uo\"te\\ %s %(x)s {}", "q'uo\"te\\ %s %(x)s {}"),
        ("text", None, None), ("bigint", -(2**63), str(-(2**63))),
        ("boolean", True, "true"), ("boolean", False, "false"),
        ("numeric", "1.50", "1.50"), ("timestamptz", "2026-04-01T09:30:00+00:00", "2026-04-01 09:30:00+00"),
        ("int[]", [1, 2], "{1,2}"), ("text[]", [], "{}"), ("text[]", ["", "NULL", None], '{"","NULL",NULL}'),
    ]  # fmt: skip

    async def scene(connection: Connection) -> None:
        await connection.execute("SET timezone = 'UTC'")
        for kind, given_, expected in cases:
            found = await value(connection, f"SELECT %(one)s::{kind}::text", {"one": given_})
            assert found == (None if expected is None else expected.encode()), (kind, given_)

    play(module_database, scene)


def test_texts_and_lists_of_texts_survive(module_database: Database) -> None:
    async def scene(connection: Connection) -> None:
        samples = [(text, many) for text in ("a,b", '"', "\\", "{}", "é€𐍈", " ") for many in ([text], [text, "x"], [])]
        for text, many in samples:
            found = await value(
                connection, "SELECT array_to_string(array_prepend(%(t)s, %(m)s::text[]), '|')", {"t": text, "m": many}
            )
            assert found == "|".join([text, *many]).encode()

    play(module_database, scene)


@given(st.lists(texts, max_size=6))
def test_a_list_is_written_so_that_it_can_be_read(items: list[str]) -> None:
    inside = (written(items) or b"")[1:-1].decode()
    found, rest = list[str](), inside
    while rest:
        assert rest[0] == '"'
        text, at = "", 1
        while rest[at] != '"':
            at += rest[at] == "\\"
            text += rest[at]
            at += 1
        found.append(text)
        rest = rest[at + 1 :].removeprefix(",")
    assert found == items


def test_a_name_has_one_number_and_a_percent_sign_is_itself() -> None:
    text, names = numbered("SELECT %(a)s || %(b)s || %(a)s WHERE x LIKE 'y%%'")
    assert (text, names) == (b"SELECT $1 || $2 || $1 WHERE x LIKE 'y%'", ("a", "b"))


@pytest.mark.parametrize("one", [1.5, datetime.now(UTC), b"bytes", {"a": 1}])
def test_what_has_no_plain_text_is_refused(one: Any) -> None:
    with pytest.raises(TypeError, match="no parameters of"):
        written(one)


def test_a_nul_character_is_refused_before_anything_is_sent(module_database: Database) -> None:
    async def scene(connection: Connection) -> None:
        with pytest.raises(psycopg.DataError, match="NUL"):
            await value(connection, "SELECT %(t)s::text", {"t": "a\0b"})
        assert connection.pgconn.transaction_status == TransactionStatus.IDLE
        assert await value(connection, "SELECT 'sound'", {}) == b"sound"

    play(module_database, scene)


def test_a_statement_of_a_megabyte_goes_in_pieces(module_database: Database) -> None:
    async def scene(connection: Connection) -> bytes | None:
        return await value(connection, "SELECT md5(%(t)s) || length(%(t)s)", {"t": "x" * 5_000_000})

    found = play(module_database, scene)
    assert found.endswith(b"5000000")


def test_refusals_have_psycopgs_names(module_database: Database) -> None:
    async def scene(connection: Connection) -> None:
        with pytest.raises(errors.SyntaxError):
            await value(connection, "SELEC 1", {})
        with pytest.raises(errors.DivisionByZero):
            await value(connection, "SELECT (1 / %(n)s::int)::text", {"n": 0})
        assert await value(connection, "SELECT 'sound'", {}) == b"sound"
        assert await value(connection, "SELECT 1 WHERE false", {}) is None

    play(module_database, scene)


def test_a_server_that_ends_the_session_is_an_operational_error(module_database: Database) -> None:
    async def scene(connection: Connection) -> None:
        pid = int(await value(connection, "SELECT pg_backend_pid()::text", {}) or 0)
        reading = asyncio.create_task(value(connection, "SELECT pg_sleep(20)::text", {}))
        await asyncio.sleep(0.05)
        with psycopg.connect(module_database.superuser_url) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(psycopg.OperationalError):
            await reading
        with pytest.raises(psycopg.OperationalError):
            await value(connection, "SELECT 1", {})

    play(module_database, scene)


def test_a_line_that_is_cut_is_noticed_at_once(module_database: Database, relays: Callable[..., Relay]) -> None:
    relay = relays(module_database.stack.site.ports["primary"])

    async def scene(connection: Connection) -> None:
        reading = asyncio.create_task(value(connection, "SELECT pg_sleep(20)::text", {}))
        await asyncio.sleep(0.05)
        relay.cut()
        # Whoever connects now is given the number of the socket that libpq closes: its line must not be unwatched.
        others = [asyncio.open_connection("127.0.0.1", relay.port) for _ in range(5)]
        async with asyncio.timeout(2):
            with pytest.raises(psycopg.OperationalError):
                await reading
            for other in others:
                (await other)[1].close()

    play(module_database, scene, relay.url(module_database.listen_url))


def test_an_answer_that_comes_as_its_caller_goes_away_is_no_error(module_database: Database) -> None:
    async def scene(connection: Connection) -> bytes | None:
        exchange = _Exchange(connection.pgconn)
        reading = asyncio.create_task(exchange.run(b"SELECT 'late'", []))
        await asyncio.sleep(0)
        time.sleep(0.1)  # noqa: ASYNC251  # the answer is there, and the loop has not looked
        reading.cancel()
        exchange._step()  # as the loop would, before the cancelled task runs
        with pytest.raises(asyncio.CancelledError):
            await reading
        return await value(connection, "SELECT 'sound'", {})

    assert play(module_database, scene) == b"sound"


def test_a_caller_that_goes_away_leaves_the_statement_running_and_visible(module_database: Database) -> None:
    async def scene(connection: Connection) -> TransactionStatus:
        reading = asyncio.create_task(value(connection, "SELECT pg_sleep(20)::text", {}))
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        return connection.pgconn.transaction_status

    assert play(module_database, scene) == TransactionStatus.ACTIVE
