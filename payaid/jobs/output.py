"""A file that a job makes: written beside its place, put there whole, told of with a link."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from payaid.files import Files, Ticket

# Written in pieces of this size, by a thread: a disk that hangs must not hold up the leases.
PIECE = 262_144


class Output:
    """Open for writing. `rows` is the task's to count; `path` is for a library that writes by itself."""

    def __init__(self, path: Path, sink: BinaryIO) -> None:
        self.path = path
        self.rows: int | None = None
        self.result: dict[str, Any] = {}
        self._sink = sink
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


@asynccontextmanager
async def output(files: Files, ticket: Ticket, attempt: int) -> AsyncIterator[Output]:
    """A file that is there, whole, once the block ends well; then `result` is {link, bytes, rows, expiresAt}.

    `attempt` keeps two workers that both believe the job theirs from writing into one file.
    """
    path = await asyncio.to_thread(files.place, ticket)
    part = path.with_name(f"{path.name}.part{attempt}")
    sink = await asyncio.to_thread(part.open, "wb")
    try:
        with sink:
            out = Output(part, sink)
            yield out
            await out.flush()
        size = part.stat().st_size
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    expires_at = int(time.time() + files.keep_s)
    out.result = {
        "link": files.link(ticket, expires_at),
        "bytes": size,
        "rows": out.rows,
        "expiresAt": datetime.fromtimestamp(expires_at, UTC).isoformat(),
    }
