"""Bounds what a caller may send, and reads the body once."""

import asyncio

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.call import Call
from payaid.errors import BadRequest, BodyTooLarge, DeadlineExceeded, HeadersTooLarge, UriTooLong

MAX_QUERY = 4096
MAX_PATH = 4096
# A token of ours has some 400 bytes. What is much longer the server refuses by itself, unread (HEAD_BUFFER).
MAX_HEADERS, MAX_HEADER_BYTES = 64, 16_384
WITH_BODY = {"POST", "PATCH", "PUT", "DELETE"}


class Bound:
    """Inside this layer `call.body` is the whole body, and nothing is longer than it may be.

    A route that streams is the exception: whoever stores its body bounds it.
    """

    def __init__(self, app: App, body_limit: int, seconds: float) -> None:
        self.app = app
        self._limit = body_limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check lengths; read the body of methods that have one."""
        call = call_of(scope)
        if not _fits(scope, call):
            raise _too_long(call)
        if call.target is not None and call.target.streams:
            call.receive = receive
        elif call.method in WITH_BODY:
            try:
                async with asyncio.timeout(self._seconds):
                    call.body = await self._read(call, receive)
            except TimeoutError:
                raise DeadlineExceeded(f"The body did not arrive within {self._seconds:g} s.") from None
        await self.app(scope, receive, send)

    @staticmethod
    def at_once(scope: Scope, call: Call) -> bool:
        """Lengths are as they may be, and there is no body to read."""
        return call.method not in WITH_BODY and _fits(scope, call)

    async def _read(self, call: Call, receive: Receive) -> bytes:
        declared = call.header(b"content-length")
        call.receive = receive  # unread so far
        if declared.isdigit() and int(declared) > self._limit:
            raise self._too_large()
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("The caller went away before the body was complete.")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._limit:
                raise self._too_large()
            if not message.get("more_body", False):
                call.receive = None
                return b"".join(parts)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body may have {self._limit:,} bytes at most.")


def _fits(scope: Scope, call: Call) -> bool:
    # Joined rather than added up: every hit comes by here.
    return (
        len(call.query) <= MAX_QUERY
        and len(call.path) <= MAX_PATH
        and len(scope["headers"]) <= MAX_HEADERS
        and len(b"".join(call.headers.values())) <= MAX_HEADER_BYTES
    )


def _too_long(call: Call) -> UriTooLong | HeadersTooLarge:
    if len(call.query) > MAX_QUERY or len(call.path) > MAX_PATH:
        return UriTooLong(f"The path may have {MAX_PATH:,} characters at most, the query {MAX_QUERY:,}.")
    return HeadersTooLarge(
        f"A request may have {MAX_HEADERS} headers at most, and their values {MAX_HEADER_BYTES:,} bytes in all."
    )
