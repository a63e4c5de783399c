"""Write all rows of a resource that some filters let through into a file: CSV, JSON or XLSX, in constant memory."""

import asyncio
import csv
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from payaid.catalogue import Resource
from payaid.db.connection import Connection
from payaid.jobs.job import Job
from payaid.jobs.output import Output
from payaid.jobs.policy import Effect, NotNow, Permanent, Policy
from payaid.jobs.reading import reading
from payaid.resources import catalogue
from payaid.rest.export import Export, export, unguarded
from payaid.rest.request import parse_filters

POLICY = Policy(Effect.NONE, deadline_s=3600.0)
# Each holds a connection to a replica, which requests want as well.
AT_ONCE = 2
# Whoever finds no turn waits in the queue, and not in one of the worker's slots, which others' jobs want.
AGAIN_S = 3.0
STRETCH = 500
LONGEST_REST_S = 0.1
XLSX_ROWS = 1_048_575
XLSX_CELL = 32_767
# Longer than anything in the database; what is read is our own.
LONGEST_FIELD = 2**31 - 1


async def run(job: Job) -> Any:
    """Payload {resource, format, filters, fields}; the file's {link, bytes, rows, expiresAt}."""
    resource = catalogue().by_path[job.payload["resource"]]
    form = job.payload["format"]
    turn = await job.services.shared("exports", _turns)
    if turn.locked():
        raise NotNow(f"{AT_ONCE} exports are under way here", AGAIN_S)
    async with turn, job.file(f"{resource.name}.{form}") as out:
        if form == "json":
            await _json(job, _query(job, resource, json=True), out)
        elif form == "csv":
            await _csv(job, _query(job, resource, json=False), out)
        else:
            await _xlsx(job, _query(job, resource, json=False), out)
    return out.result


async def _turns(_closing: AsyncExitStack) -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


def _query(job: Job, resource: Resource, *, json: bool) -> Export:
    fields = job.payload["fields"]
    filters = parse_filters(resource, job.payload["filters"])
    return export(resource, job.tenant, filters, tuple(fields) if fields else None, json=json)


async def _csv(job: Job, query: Export, out: Output) -> None:
    out.rows = -1  # the first is the header
    async with reading(job) as connection:
        total = await _count(connection, query)
        _bounded(job, total)
        async with aclosing(_copied(connection, query)) as rows:
            async for row in rows:
                await out.write(row)
                out.rows += 1
                _tell(job, out.rows, total)


async def _json(job: Job, query: Export, out: Output) -> None:
    out.rows = 0
    async with reading(job) as connection:
        total = await _count(connection, query)
        await out.write(b"[")
        async with aclosing(_copied(connection, query)) as rows:
            async for row in rows:
                await out.write((b",\n" if out.rows else b"\n") + row.removesuffix(b"\n"))
                out.rows += 1
                _tell(job, out.rows, total)
        await out.write(b"\n]\n")


async def _xlsx(job: Job, query: Export, out: Output) -> None:
    name = f"{out.path.name.partition('.')[0]}.csv"
    async with job.file(name) as table:
        await _csv(job, query, table)
    whole = out.path.with_name(name)
    try:
        await job.compute(workbook, str(whole), str(out.path))
    finally:
        whole.unlink()
    out.rows = table.rows


def workbook(table: str, target: str) -> None:
    """The table as a workbook of one sheet: every cell is text, so nothing is taken for a formula or a date.

    Raises:
        Permanent: a cell is longer than a sheet can hold.
    """
    csv.field_size_limit(LONGEST_FIELD)
    with (
        Path(table).open(newline="", encoding="utf-8") as source,
        Workbook(target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book,
    ):
        sheet = book.add_worksheet()
        for number, row in enumerate(csv.reader(source)):
            for column, cell in enumerate(row):
                if sheet.write_string(number, column, unguarded(cell)):  # it would be cut, without a word
                    raise Permanent(
                        f"row {number + 1} has a cell of {len(cell):,} characters, and a sheet's hold"
                        f" {XLSX_CELL:,}: export as csv, or without that field"
                    )


def _bounded(job: Job, rows: int) -> None:
    if job.payload["format"] == "xlsx" and rows > XLSX_ROWS:
        raise Permanent(f"{rows:,} rows do not fit into a sheet of {XLSX_ROWS:,}: export them as csv")


async def _count(connection: Connection, query: Export) -> int:
    cursor = await connection.execute(query.counting, query.params)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _copied(connection: Connection, query: Export) -> AsyncGenerator[bytes]:
    """Row by row: the server sends one a message. Two thirds of the time it rests, and the server with it, because
    requests want the same processors and the same replica.
    """
    loop = asyncio.get_running_loop()
    async with connection.cursor() as cursor, cursor.copy(query.copy, query.params) as copy:
        began, rows = loop.time(), 0
        async for row in copy:
            yield bytes(row)
            rows += 1
            if rows % STRETCH == 0:
                await asyncio.sleep(min(2 * (loop.time() - began), LONGEST_REST_S))
                began = loop.time()


def _tell(job: Job, rows: int, total: int) -> None:
    if total:
        job.tell(rows / total)
