"""A file as an answer, in bounded memory: sent by the server itself where it can, else piece by piece."""

import asyncio
from pathlib import Path

from payaid.asgi import Headers, Scope, Send
from payaid.call import Call
from payaid.rest.reply import Reply

PIECE = 262_144
BY_SERVER = "http.response.pathsend"


async def stream(scope: Scope, send: Send, call: Call, answered: Reply, headers: Headers) -> None:
    """Send the head, then the file. One that is renamed or removed meanwhile is still the one that was opened."""
    assert answered.file is not None, "an answer that is streamed has a file"  # noqa: S101
    path: Path = answered.file
    size = (await asyncio.to_thread(path.stat)).st_size
    headers += [(b"content-type", answered.content_type), (b"content-length", b"%d" % size), *call.answer_headers]
    call.status = answered.status
    await send({"type": "http.response.start", "status": answered.status, "headers": headers})
    if call.method == "HEAD":
        await send({"type": "http.response.body", "body": b""})
    elif BY_SERVER in (scope.get("extensions") or {}):
        await send({"type": BY_SERVER, "path": str(path)})
    else:
        with await asyncio.to_thread(path.open, "rb") as source:
            while piece := await asyncio.to_thread(source.read, PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
