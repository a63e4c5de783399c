"""Emits one fact an answer: the source of metrics, logs and StatsD."""

import asyncio
import time

from payaid import observe
from payaid.asgi import App, Receive, Scope, Send, call_of

# What a caller invents is not a label: metrics would keep each for ever.
METHODS = {"GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"}


class InFlight:
    """How many requests are under way, for the drain and for the gauge."""

    def __init__(self) -> None:
        self.now = 0

    async def none(self) -> None:
        """Wait until no request is under way."""
        while self.now:  # noqa: ASYNC110  # asked once in a lifetime: an event would cost every request
            await asyncio.sleep(0.01)


class Observed:
    """Measures the whole of what is inside it."""

    def __init__(self, app: App, in_flight: InFlight) -> None:
        self.app = app
        self._in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then tell."""
        call = call_of(scope)
        self._in_flight.now += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._in_flight.now -= 1
            who = call.principal
            observe.emit(
                observe.Answered(
                    call.template,
                    call.method if call.method in METHODS else "(other)",
                    call.status or 499,  # nothing was sent: the caller had gone
                    call.cache_class,
                    call.cache_result,
                    call.limiter,
                    who.tier if who else "",
                    time.perf_counter() - call.started,
                    who.tenant_id if who else "",
                    who.user_id if who else "",
                    call.request_id,
                )
            )
