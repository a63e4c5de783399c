"""Turns every error into a problem document (RFC 9457): nothing below reaches the server as an exception."""

import asyncio
import contextlib

import orjson

from payaid import observe
from payaid.asgi import App, Receive, Scope, Send, answer, call_of
from payaid.call import Call
from payaid.errors import PayaidError

PROBLEM = (b"content-type", b"application/problem+json")
NO_STORE = (b"cache-control", b"no-store")
# Of a body that was refused unread, so much is still taken, and no longer.
SPARE_BYTES, SPARE_S = 8 * 2**20, 1.0


class Failures:
    """Expected errors say what was wrong; unexpected ones are counted, logged with their traceback, and a 500."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say what went wrong."""
        try:
            await self.app(scope, receive, send)
        except PayaidError as error:
            if call_of(scope).status:
                raise  # the answer has begun: all that is left is to cut it off
            failure = error
        except Exception as error:  # the last net
            call = call_of(scope)
            observe.emit(observe.Crashed(call.template, call.request_id, error))
            if call.status:
                raise
            failure = PayaidError()
        else:
            return
        await _swallow(call_of(scope))
        await refuse(send, call_of(scope), failure)


async def _swallow(call: Call) -> None:
    """Take what is still being sent, up to a bound: whoever is cut off in the middle of it never reads the answer."""
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SPARE_S):
            while call.receive is not None and taken < SPARE_BYTES:
                message = await call.receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    call.receive = None


async def refuse(send: Send, call: Call, failure: PayaidError) -> None:
    """Send an error as a problem document."""
    document = failure.problem(call.path) | {"requestId": call.request_id}
    headers = [PROBLEM, NO_STORE]
    headers += [(name.lower().encode(), value.encode()) for name, value in failure.headers.items()]
    await answer(send, call, failure.status, headers, orjson.dumps(document))
