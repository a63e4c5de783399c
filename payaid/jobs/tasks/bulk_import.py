"""Load a table into a resource: rows with an id change, the others are made, and bad ones are told of in a file.

`skip-bad` commits piece by piece, each with a checkpoint, so that a crash repeats nothing; `all-or-nothing` is one
transaction. Every row passes what a POST or a PATCH of it would pass.
"""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from psycopg import Rollback

from payaid.catalogue import Resource
from payaid.db.connection import Connection
from payaid.db.writing import Unit
from payaid.jobs.job import Job
from payaid.jobs.output import Mark, Output
from payaid.jobs.policy import Effect, Permanent, Policy
from payaid.jobs.processes import Died
from payaid.jobs.sheet import TOO_MUCH, Sheet, flatten
from payaid.resources import catalogue
from payaid.rest.bulk import apply
from payaid.rest.cells import COMPLAINT, Given, Header, Refused, header, read
from payaid.rest.export import guarded, unguarded

# Its database effects carry checkpoints of their own, so a repeat finds them done.
POLICY = Policy(Effect.NONE, deadline_s=3600.0)
PIECE = 500

Piece = list[tuple[int, list[str]]]


@dataclass(slots=True)
class Progress:
    """How far an import has come: the number of the last row that is dealt with, and what became of all of them."""

    last: int = 1
    rows: int = 0
    created: int = 0
    updated: int = 0
    bad: int = 0


class Import:
    """One attempt at one import."""

    def __init__(self, job: Job, resource: Resource, sheet: Sheet, head: Header) -> None:
        self.job = job
        self.resource = resource
        self.sheet = sheet
        self.head = head
        self.tag = {"loadRun": job.load_run} if job.load_run and resource.tagged else {}

    async def skip_bad(self) -> Any:
        """Piece by piece."""
        state = await self.job.resume()
        progress = Progress(**state["progress"]) if state else Progress()
        mark = Mark(**state["errors"]) if state else None
        async with self.job.file(f"{self.resource.name}-errors.csv", mark) as errors:
            if mark is None:
                await errors.write(_line([*COMPLAINT, *self.head.names[self._own :]]))
            async for piece in _each(self.sheet.pieces(progress.last, PIECE)):
                async with self.job.session() as connection:
                    await self._load(connection, piece, progress, errors)
                    mark = await errors.mark()
                    await self.job.checkpoint(connection, {"progress": asdict(progress), "errors": asdict(mark)})
                self.job.tell(progress.last / self.sheet.last)
            errors.wanted, errors.rows = progress.bad > 0, progress.bad
        return self._result(progress, errors)

    async def all_or_nothing(self) -> Any:
        """One transaction: what is in it with its checkpoint, or nothing at all."""
        if state := await self.job.resume():
            return state["result"]
        progress = Progress()
        async with self.job.file(f"{self.resource.name}-errors.csv") as errors:
            await errors.write(_line([*COMPLAINT, *self.head.names[self._own :]]))
            async with self.job.session() as connection, connection.transaction() as whole:
                async for piece in _each(self.sheet.pieces(1, PIECE)):
                    await self._load(connection, piece, progress, errors)
                    self.job.tell(progress.last / self.sheet.last)
                if progress.bad:
                    progress.created = progress.updated = 0
                    raise Rollback(whole)
                await self.job.checkpoint(connection, {"result": self._result(progress, None)})
            errors.wanted, errors.rows = progress.bad > 0, progress.bad
        return self._result(progress, errors)

    async def _load(self, connection: Connection, piece: Piece, progress: Progress, errors: Output) -> None:
        found = [read(self.resource, self.head, number, cells) for number, cells in piece]
        good = [one for one in found if isinstance(one, Given)]
        applied = await apply(Unit(connection, self.job.tenant), self.resource, good, self.tag)
        refused = [one for one in found if isinstance(one, Refused)] + applied.refused
        cells_of = dict(piece)
        for one in sorted(refused, key=lambda one: one.number):
            await errors.write(_complaint(one, cells_of[one.number][self._own :]))
        progress.last = piece[-1][0]
        progress.rows += len(piece)
        progress.created += applied.created
        progress.updated += applied.updated
        progress.bad += len(refused)

    @property
    def _own(self) -> int:
        """Where the table's own columns begin: behind the complaint of an error file that came back mended."""
        return len(COMPLAINT) if self.head.names[: len(COMPLAINT)] == COMPLAINT else 0

    def _result(self, progress: Progress, errors: Output | None) -> dict[str, Any]:
        counts = asdict(progress)
        del counts["last"]
        return {**counts, "ignored": self.head.ignored, "errors": (errors.result or None) if errors else None}


async def run(job: Job) -> Any:
    """Payload {resource, upload, mode}; {rows, created, updated, bad, ignored, errors: a file or null}."""
    resource = catalogue().by_path[job.payload["resource"]]
    path = await _table(job)
    sheet = await asyncio.to_thread(Sheet, path)
    try:
        head = header(resource, sheet.header)
    except ValueError as error:
        raise Permanent(f"the first row: {error}") from error
    work = Import(job, resource, sheet, head)
    return await (work.skip_bad() if job.payload["mode"] == "skip-bad" else work.all_or_nothing())


async def _table(job: Job) -> Path:
    """The upload, as a CSV."""
    path = job.upload()
    if not await asyncio.to_thread(path.is_file):
        raise Permanent("the upload has been removed: send it again")
    if path.suffix != ".xlsx":
        return path
    table = path.with_name(f"{job.id}.{job.fence}.csv")
    try:
        await job.compute(flatten, str(path), str(table))
    except Died as error:
        # The same bytes would kill the next one as well.
        raise Permanent(f"{TOO_MUCH} ({error})") from error
    return table


async def _each(pieces: Iterator[Piece]) -> Any:
    """Pieces, each read by a thread."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _complaint(one: Refused, cells: Sequence[str]) -> bytes:
    names = ", ".join(dict.fromkeys(name for name, _ in one.mistakes if name))
    why = "; ".join(f"{name}: {why}" if name else why for name, why in one.mistakes)
    return _line([str(one.number), names, why, *map(unguarded, cells)])


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([guarded(cell) for cell in cells])
    return text.getvalue().encode()
