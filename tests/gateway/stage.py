"""A stage for one layer: a request as the server would send it, and what came back."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from payaid.asgi import KEY, App, Message, Receive, Scope, Send, answer, call_of
from payaid.call import Call
from payaid.errors import Unauthenticated
from payaid.principal import Principal
from payaid.rest.routes import resolve


@dataclass
class Answer:
    """What was sent; `call` is the request's own record."""

    call: Call
    messages: list[Message]

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        found: dict[str, Any] = orjson.loads(self.body)
        return found


def ask(
    app: App,
    method: str = "GET",
    path: str = "/health/live",
    headers: Mapping[str, str] | None = None,
    *,
    query: str = "",
    client: str = "192.0.2.1",
    body: Sequence[Message] = ({"type": "http.request", "body": b""},),
    routed: bool = True,
) -> Answer:
    """Send one request through `app`. `routed`: with a Call made already, as the trace layer would."""
    scope: Scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(), "client": (client, 5),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
    }  # fmt: skip
    if routed:
        scope[KEY] = Call(scope, 0.0)
        scope[KEY].request_id = "request-1"
        scope[KEY].target = (resolve(path) or {}).get(method)
    messages: list[Message] = []
    incoming = iter(body)

    async def receive() -> Message:
        return next(incoming, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        messages.append(message)

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    return Answer(scope[KEY], messages)


def saying(body: bytes, kind: bytes = b"application/json", status: int = 200) -> App:
    """An app that answers this."""

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        await answer(send, call_of(scope), status, [(b"content-type", kind), (b"etag", b'"abc"')], body)

    return app


def raising(error: BaseException) -> App:
    """An app that fails like this."""

    async def app(*_: Any) -> None:
        raise error

    return app


async def silent(*_: Any) -> None:
    """An app that never answers: its caller has gone."""


class OneCaller:
    """Knows one token, from its second use on."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal
        self._seen = False

    def known(self, credentials: bytes) -> Principal | None:
        return self._principal if self._seen and credentials == b"Bearer good" else None

    async def authenticate(self, credentials: bytes) -> Principal:
        if credentials != b"Bearer good":
            raise Unauthenticated
        self._seen = True
        return self._principal
