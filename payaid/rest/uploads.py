"""The body of an import: stored as it arrives, never held in memory."""

import asyncio
import contextlib
import uuid
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from payaid.asgi import Receive
from payaid.call import Call
from payaid.errors import BadRequest, BodyTooLarge, DeadlineExceeded, TooMuchWaiting, UnsupportedMedia
from payaid.files import UPLOAD, Files, Ticket

ENDINGS = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/webm": "webm",
    "audio/ogg": "ogg",
}
# Longer than any honest upload of what is allowed takes; whoever trickles a body holds a connection and no more.
LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored body: its name for the job, and what stands for its content where requests are compared."""

    name: str
    path: Path
    digest: bytes


class Uploads:
    """Takes bodies of at most `limit` bytes into the folder of files, and of a tenant at most `waiting` in all."""

    def __init__(self, files: Files, limit: int, waiting: int) -> None:
        self._files = files
        self._limit = limit
        self._waiting = waiting

    async def store(self, call: Call, media_types: tuple[str, ...]) -> Upload:
        """The body, stored.

        Raises:
            UnsupportedMedia, BodyTooLarge, TooMuchWaiting, BadRequest, DeadlineExceeded: nothing is left behind then.
        """
        media_type = call.header(b"content-type").partition(";")[0].strip().lower()
        if media_type not in media_types:
            raise UnsupportedMedia(f"The body is {media_type[:100] or 'of no type'}, not {' or '.join(media_types)}.")
        declared = call.header(b"content-length")
        if declared.isdigit() and int(declared) > self._limit:
            raise self._too_large()
        ticket = Ticket(call.who().tenant_id, str(uuid.uuid4()), f"{UPLOAD}.{ENDINGS[media_type]}")
        path = await asyncio.to_thread(self._files.place, ticket)
        try:
            async with asyncio.timeout(LONGEST_S):
                with await asyncio.to_thread(path.open, "wb") as sink:
                    await asyncio.to_thread(self._reserve, ticket, sink, int(declared) if declared.isdigit() else None)
                    digest = await self._take(call, sink)
                    await asyncio.to_thread(sink.truncate)
        except BaseException as error:
            discard(path)
            if isinstance(error, TimeoutError):
                raise DeadlineExceeded(f"The body did not arrive within {LONGEST_S:g} s.") from None
            raise
        return Upload(f"{ticket.job}/{ticket.name}", path, digest)

    def _reserve(self, ticket: Ticket, sink: BinaryIO, declared: int | None) -> None:
        """Let the file be as long as it may become, which takes no space: whoever sends at the same time counts it."""
        sink.truncate(self._limit if declared is None else declared)
        if self._files.waiting(ticket.tenant) > self._waiting:
            raise TooMuchWaiting(
                f"Uploads that wait may have {self._waiting:,} bytes together; this would be more.",
                headers={"Connection": "close"},  # the body is unread: nothing else can come behind it
            )

    async def _take(self, call: Call, sink: BinaryIO) -> bytes:
        receive: Receive | None = call.receive
        assert receive is not None, "the body of a route that streams is left to its endpoint"  # noqa: S101
        size, digest = 0, blake2b(digest_size=16)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("The caller went away before the body was complete.")
            piece: bytes = message.get("body", b"")
            size += len(piece)
            if size > self._limit:
                raise self._too_large()
            digest.update(piece)
            await asyncio.to_thread(sink.write, piece)
            if not message.get("more_body", False):
                call.receive = None
                return digest.digest()

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"An import may have {self._limit:,} bytes at most.")


def discard(path: Path) -> None:
    """Remove an upload that no job will read, and its folder."""
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()
