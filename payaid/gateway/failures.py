"""Turns every error into a problem document (RFC 9457), and a slow request into a 504 at its deadline."""

import asyncio

import orjson

from payaid import observe
from payaid.asgi import App, Message, Receive, Scope, Send, answer, call_of
from payaid.call import Call
from payaid.errors import DeadlineExceeded, PayaidError

PROBLEM = (b"content-type", b"application/problem+json")


class Failures:
    """Nothing that goes wrong below reaches the server as an exception, or the caller as a traceback."""

    def __init__(self, app: App, deadline_s: float) -> None:
        self.app = app
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer within the deadline, or say what went wrong."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call = call_of(scope)
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._deadline_s):
                await self.app(scope, receive, watched)
        except PayaidError as error:
            failure = error
        except TimeoutError:
            failure = DeadlineExceeded(f"The request took longer than {self._deadline_s:g} s.")
        except Exception as error:  # noqa: BLE001  # the last net: counted, logged with its traceback, answered as a 500
            observe.emit(observe.Crashed(call.template, call.request_id, error))
            failure = PayaidError()
        else:
            return
        if begun:
            raise failure
        await refuse(send, call, failure)


async def refuse(send: Send, call: Call, failure: PayaidError) -> None:
    """Send an error as a problem document."""
    document = failure.problem(call.path) | {"requestId": call.request_id}
    headers = [PROBLEM, (b"cache-control", b"no-store")]
    headers += [(name.lower().encode(), value.encode()) for name, value in failure.headers.items()]
    await answer(send, call, failure.status, headers, orjson.dumps(document))
