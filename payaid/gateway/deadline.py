"""A request ends within its deadline. What is done at once waits for nothing and needs none."""

import asyncio
import time

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.call import Call
from payaid.errors import DeadlineExceeded


class Deadline:
    """Whatever is inside is cancelled when its time is over: statements, waits, all of it."""

    def __init__(self, app: App, seconds: float) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in time, or 504. What moves a file takes as long as the wire does, and has bounds of its own."""
        call = call_of(scope)
        if call.target is not None and call.target.streams:
            await self.app(scope, receive, send)
            return
        call.ends = time.perf_counter() + self._seconds
        try:
            async with asyncio.timeout(self._seconds):
                await self.app(scope, receive, send)
        except TimeoutError:
            raise DeadlineExceeded(f"The request took longer than {self._seconds:g} s.") from None

    @staticmethod
    def at_once(scope: Scope, call: Call) -> bool:
        """There is always time for that."""
        return True
