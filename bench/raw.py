"""The same statement by psycopg alone: what a page costs before any service is round it."""

import asyncio
import multiprocessing
import time

import psycopg

from payaid.rest.serves import read_statement

AT_ONCE = 8


def pages_per_second(url: str, request: str, tenants: int, seconds: float, processes: int = 2) -> float:
    """Pages a second over several processes, each with AT_ONCE connections."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return sum(pool.starmap(_count, [(url, request, tenants, seconds)] * processes))


def _count(url: str, request: str, tenants: int, seconds: float) -> float:
    return asyncio.run(_measure(url, request, tenants, seconds))


async def _measure(url: str, request: str, tenants: int, seconds: float) -> float:
    statements = [read_statement(request, tenant_id=f"bench-{number}") for number in range(1, tenants + 1)]
    done = 0

    async def reader(offset: int, until: float) -> None:
        nonlocal done
        place = offset
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=None) as connection:
            while time.perf_counter() < until:
                one = statements[place % len(statements)]
                place += AT_ONCE
                cursor = await connection.execute(one.sql, one.params, prepare=False)
                if cursor.pgresult is None or cursor.pgresult.get_value(0, 0) is None:
                    raise SystemExit("error: the statement answered nothing")
                done += 1

    started = time.perf_counter()
    await asyncio.gather(*(reader(offset, started + seconds) for offset in range(AT_ONCE)))
    return done / (time.perf_counter() - started)
