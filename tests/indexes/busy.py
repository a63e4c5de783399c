"""A table whose index takes its time, and sessions that stand in the way: for tests that need a moment to hit."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

DEADLINE_S = 30.0

# Indexing a note that begins with "slow" takes ten milliseconds.
TABLE = """
CREATE FUNCTION plod(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF $1 LIKE 'slow%' THEN PERFORM pg_sleep(0.01); END IF;
    RETURN $1;
END $$;
CREATE TABLE "Contact" (id bigserial PRIMARY KEY, "tenantId" text NOT NULL DEFAULT 't', note text NOT NULL);
INSERT INTO "Contact" (note) SELECT 'slow ' || i FROM generate_series(1, 70) i;
CREATE TABLE other (id int);
ANALYZE;
"""
DECLARED = """-- serves: nothing of ours
-- why: slow to build
-- probe: SELECT 1
CREATE INDEX idx_slow ON "Contact" (plod(note));
"""


def declare(folder: Path) -> Path:
    """A content folder whose set `slow` holds the one slow index."""
    target = folder / "sql" / "indexes" / "slow"
    target.mkdir(parents=True)
    (target / "idx_slow.sql").write_text(DECLARED, encoding="utf-8")
    return folder


async def until(ask: Callable[[], Awaitable[Any]], good: Callable[[Any], bool], what: str) -> Any:
    """Ask again and again until the answer is good, with a deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not good(answer := await ask()):
        assert time.monotonic() < deadline, f"{what}: {answer!r}"
        await asyncio.sleep(0.005)
    return answer


async def phase(observer: AsyncConnection[Any]) -> tuple[str, int]:
    """The phase of the build on the table, and its backend; the copies that are made to canonicalise are not meant."""
    cursor = await observer.execute(
        "SELECT phase, pid FROM pg_stat_progress_create_index WHERE relid = to_regclass('\"Contact\"')"
    )
    return await cursor.fetchone() or ("", 0)


async def reach(observer: AsyncConnection[Any], wanted: str) -> int:
    """Return the builder's pid when it has come to that phase."""
    _, pid = await until(lambda: phase(observer), lambda seen: seen[0].startswith(wanted), f"phase {wanted}")
    return pid


@asynccontextmanager
async def session(url: str, *statements: str, name: str = "standing in the way") -> AsyncIterator[AsyncConnection[Any]]:
    """A session with an open transaction that has run these statements."""
    connection = await AsyncConnection.connect(url, autocommit=True, application_name=name)
    async with connection:
        for statement in statements:
            await connection.execute(statement.encode())
        yield connection


def writer(url: str) -> Any:
    """An open transaction that has written to the table."""
    return session(url, "BEGIN", """INSERT INTO "Contact" (note) VALUES ('open')""")


def old_snapshot(url: str) -> Any:
    """An open transaction that has read another table, and must go on seeing what it saw."""
    return session(url, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM other")


async def build(url: str) -> None:
    """Build the slow index; ends quietly when it is killed."""
    connection = await AsyncConnection.connect(url, autocommit=True)
    try:
        await connection.execute('CREATE INDEX CONCURRENTLY idx_slow ON "Contact" (plod(note))')
    except (psycopg.errors.QueryCanceled, psycopg.errors.AdminShutdown):
        pass
    finally:
        await connection.close()
