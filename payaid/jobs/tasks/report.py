"""Make a report of a tenant's figures, as PDF or XLSX, from a replica."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from payaid.jobs.documents import reports, typeset, workbook
from payaid.jobs.documents.reports._report import Report
from payaid.jobs.job import Job
from payaid.jobs.output import Output
from payaid.jobs.policy import Effect, Permanent, Policy
from payaid.jobs.reading import reading
from payaid.rules.periods import IST, indian_date, period

POLICY = Policy(Effect.NONE, deadline_s=900.0)
BATCH = 2000
SUPPLIER = 'SELECT name, gstin FROM "Tenant" WHERE id = %s'
# Beyond so many columns a page is turned.
NARROW = 6


async def run(job: Job) -> Any:
    """Payload {report, format, period}; the file's {link, bytes, rows, expiresAt}."""
    now = datetime.now(UTC)
    name, form, over = job.payload["report"], job.payload["format"], job.payload.get("period")
    report = reports.find(name)(period(over) if over else None, indian_date(now))
    file = f"{name}-{over}.{form}" if over else f"{name}.{form}"
    async with job.file(file) as out:
        if form == "pdf":
            async with aclosing(_rows(job, report)) as rows:
                async for _ in rows:
                    pass
            made = await job.compute(typeset.pdf, "report", await _sheet(job, report, now), now.replace(microsecond=0))
            await out.write(made)
        else:
            out.rows = await _xlsx(job, report, now, out)
    return out.result


async def _rows(job: Job, report: Report) -> Any:
    """Feed the report; its register's rows as they come, in constant memory."""
    start, end = _between(job.payload.get("period"))
    values = {"tenant": job.tenant, "start": start, "end": end}
    async with reading(job) as connection, connection.cursor(name="report", row_factory=dict_row) as cursor:
        cursor.itersize = BATCH
        await cursor.execute(report.query, values)
        async for row in cursor:
            if (cells := report.take(row)) is not None:
                yield cells


def _between(over: str | None) -> Sequence[datetime | None]:
    found = period(over) if over else None
    return (found.start, found.end) if found else (None, None)


async def _xlsx(job: Job, report: Report, now: datetime, out: Output) -> int:
    spool = f"{out.path.name.partition('.')[0]}.rows"
    async with job.file(spool) as register, aclosing(_rows(job, report)) as rows:
        register.rows = 0
        async for cells in rows:
            await register.write(workbook.line(cells))
            register.rows += 1
            if register.rows >= workbook.LAST_ROW:
                raise Permanent(f"a sheet has {workbook.LAST_ROW:,} rows at most: ask for a shorter period")
    rows_file = out.path.with_name(spool)
    sheet = await _heading(job, now)
    book = workbook.Book(
        report.title, [sheet["organisation"], report.over(), sheet["made"]], report.figures(), report.tables(),
        report.register, str(rows_file),
    )  # fmt: skip
    try:
        return await job.compute(workbook.write, book, str(out.path))
    finally:
        Path.unlink(rows_file)


async def _sheet(job: Job, report: Report, now: datetime) -> Mapping[str, Any]:
    tables = report.tables()
    return await _heading(job, now) | {
        "title": report.title,
        "over": report.over(),
        "figures": report.figures(),
        "tables": [one.sheet() for one in tables],
        "wide": max(len(one.columns) for one in tables) > NARROW,
    }


async def _heading(job: Job, now: datetime) -> dict[str, Any]:
    async with job.session() as connection:
        cursor = await connection.execute(SUPPLIER, (job.tenant,))
        row = await cursor.fetchone()
    name, gstin = row or ("", None)
    made = now.astimezone(IST)
    return {"organisation": name, "gstin": gstin or "", "made": f"made on {made.day} {made:%B %Y at %H:%M} IST"}
