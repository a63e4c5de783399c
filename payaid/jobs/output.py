"""A file that a job makes: written beside its place, put there whole, told of with a link."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from payaid.files import Files, Ticket

# Written in pieces of this size, by a thread: a disk that hangs must not hold up the leases.
PIECE = 262_144


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file was written, and by which attempt: what a checkpoint keeps of it."""

    attempt: int
    size: int


class Output:
    """Open for writing. `rows` is the task's to count; `path` is for a library that writes by itself.

    With `wanted` false when the block ends, there will be no file.
    """

    def __init__(self, path: Path, sink: BinaryIO, attempt: int) -> None:
        self.path = path
        self.rows: int | None = None
        self.wanted = True
        self.marked = False
        self.result: dict[str, Any] = {}
        self._sink = sink
        self._attempt = attempt
        self._pieces: list[bytes] = []
        self._size = 0

    async def write(self, text: bytes) -> None:
        """Append."""
        self._pieces.append(text)
        self._size += len(text)
        if self._size >= PIECE:
            await self.flush()

    async def flush(self) -> None:
        """Give what was written to the system."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        await asyncio.to_thread(self._sink.write, b"".join(pieces))

    async def mark(self) -> Mark:
        """Put what was written on the disk, before a commit says that it is there."""
        await self.flush()
        await asyncio.to_thread(_sync, self._sink)
        self.marked = True
        return Mark(self._attempt, self._sink.tell())


@asynccontextmanager
async def output(files: Files, ticket: Ticket, attempt: int, after: Mark | None = None) -> AsyncIterator[Output]:
    """A file that is there, whole, once the block ends well; then `result` is {link, bytes, rows, expiresAt}.

    `attempt` keeps two workers that both believe the job theirs from writing into one file; `after` goes on from
    where an earlier attempt had made its mark.
    """
    path = await asyncio.to_thread(files.place, ticket)
    part = _part(path, attempt)
    sink = await asyncio.to_thread(_opened, path, attempt, after)
    out = Output(part, sink, attempt)
    try:
        with sink:
            yield out
            await out.flush()
    except BaseException:
        if not out.marked:
            part.unlink(missing_ok=True)  # else it is what the next attempt goes on with
        raise
    if not out.wanted:
        part.unlink()
        return
    size = part.stat().st_size
    part.replace(path)
    expires_at = int(time.time() + files.keep_s)
    out.result = {
        "link": files.link(ticket, expires_at),
        "bytes": size,
        "rows": out.rows,
        "expiresAt": datetime.fromtimestamp(expires_at, UTC).isoformat(),
    }


def _part(path: Path, attempt: int) -> Path:
    return path.with_name(f"{path.name}.part{attempt}")


def _opened(path: Path, attempt: int, after: Mark | None) -> BinaryIO:
    part = _part(path, attempt)
    if after is None:
        return part.open("wb")
    # A copy: the other attempt may be alive still, and not know that it is over.
    with contextlib.suppress(shutil.SameFileError):
        shutil.copyfile(_part(path, after.attempt), part)
    os.truncate(part, after.size)
    return part.open("ab")


def _sync(sink: BinaryIO) -> None:
    sink.flush()
    os.fsync(sink.fileno())
