"""The innermost app: a resolved request to its endpoint, and the endpoint's Reply to the wire."""

from collections.abc import Awaitable, Callable

from payaid.asgi import Headers, Receive, Scope, Send, answer, call_of
from payaid.call import Call
from payaid.errors import NotFound
from payaid.rest.reply import Reply, matches
from payaid.rest.stream import stream

# A tenant's data is nobody else's, and is asked for again each time: the entity tag makes that cheap.
PRIVATE = ((b"cache-control", b"private, no-cache"), (b"vary", b"authorization"))
Endpoint = Callable[[Call], Awaitable[Reply]]


class Rest:
    """Dispatches by the route's operation. An operation without an endpoint is a bug, and found by a test."""

    def __init__(self, endpoints: dict[str, Endpoint]) -> None:
        self.endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        call = call_of(scope)
        if call.target is None:
            raise NotFound(f"There is nothing at {call.path[:200]}.")
        answered = await self.endpoints[call.target.operation](call)
        headers: Headers = list(answered.headers)
        if call.principal and not any(name == b"cache-control" for name, _ in headers):
            # What a token was needed for is nobody else's, whatever it is.
            headers += PRIVATE
        if answered.etag:
            headers.append((b"etag", answered.etag))
            condition = call.headers.get(b"if-none-match")
            if condition and call.method in {"GET", "HEAD"} and matches(condition, answered.etag):
                await answer(send, call, 304, headers, b"")
                return
        if answered.file:
            await stream(scope, send, call, answered, headers)
            return
        if answered.body:
            headers.append((b"content-type", answered.content_type))
        await answer(send, call, answered.status, headers, answered.body)
