"""The types of ASGI, and the one way in which a layer answers by itself."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from payaid.call import Call

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

KEY = "payaid"
BODILESS = {204, 304}


def call_of(scope: Scope) -> Call:
    """The request's Call, which the trace layer made."""
    call: Call = scope[KEY]
    return call


async def answer(send: Send, call: Call, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole answer: what it needs, and what the layers have added so far. HEAD gets no body."""
    call.status = status
    if status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    headers += call.answer_headers
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else body})
