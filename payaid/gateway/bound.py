"""Bounds what a caller may send, and reads the body once."""

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.call import Call
from payaid.errors import BadRequest, BodyTooLarge

MAX_QUERY = 4096
WITH_BODY = {"POST", "PATCH", "PUT", "DELETE"}


class Bound:
    """Inside this layer `call.body` is the whole body, and nothing is longer than it may be."""

    def __init__(self, app: App, body_limit: int) -> None:
        self.app = app
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check lengths; read the body of methods that have one."""
        if scope["type"] == "http":
            call = call_of(scope)
            if len(call.query) > MAX_QUERY:
                raise BadRequest(f"The query is longer than {MAX_QUERY} characters.")
            if call.method in WITH_BODY:
                call.body = await self._read(call, receive)
        await self.app(scope, receive, send)

    async def _read(self, call: Call, receive: Receive) -> bytes:
        declared = call.header(b"content-length")
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
                return b"".join(parts)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body may have {self._limit:,} bytes at most.")
