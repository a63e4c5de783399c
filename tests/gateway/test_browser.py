"""CORS: only the configured origins, and preflights without credentials."""

import asyncio
from typing import Any

from payaid.asgi import KEY, Message, Receive, Scope, Send, answer, call_of
from payaid.call import Call
from payaid.gateway.browser import Browser


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, call_of(scope), 200, [], b"{}")


def ask(method: str, **headers: str) -> tuple[int, dict[str, str]]:
    sent: list[Message] = []
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"method": method, "path": "/", "query_string": b"", "headers": named}
    scope[KEY] = Call(scope, 0.0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    asyncio.run(Browser(hello, ("https://app.payaid.example/",))(scope, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_a_configured_origin_may_call_and_read_the_headers_that_matter() -> None:
    status, headers = ask("GET", origin="https://app.payaid.example")
    assert status == 200
    assert headers["access-control-allow-origin"] == "https://app.payaid.example"
    assert "x-payaid-stamp" in headers["access-control-expose-headers"]


def test_another_origin_is_named_nowhere() -> None:
    assert not [name for name in ask("GET", origin="https://evil.example")[1] if name.startswith("access-control")]


def test_a_preflight_is_answered_without_reaching_the_app() -> None:
    preflight = {"origin": "https://app.payaid.example", "access_control_request_method": "PATCH"}
    status, headers = ask("OPTIONS", **preflight)
    assert status == 204
    assert "PATCH" in headers["access-control-allow-methods"]
    assert "authorization" in headers["access-control-allow-headers"]
