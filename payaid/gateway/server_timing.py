"""Server-Timing: what an answer waited for. Inside the L1 hits, which wait for nothing and say so by Cache-Status."""

import time

from payaid import timing
from payaid.asgi import App, Message, Receive, Scope, Send, call_of
from payaid.call import Call

# Names, by the mark: the wait for a pooled connection, and the time at the database.
SERVERS = ("pool", "db")


class ServerTiming:
    """Adds `cache;desc=miss, pool;dur=0.1, db;dur=2.4, total;dur=3.0`; milliseconds, refusals included."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and say where the time went."""
        call, marks = call_of(scope), timing.begin()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append(_header(call, marks))
            await send(message)

        try:
            await self.app(scope, receive, told)
        except BaseException:
            # The layer of failures will answer; the deadline, which stands outside, cancels.
            call.answer_headers.append(_header(call, marks))
            raise


def _header(call: Call, marks: timing.Marks) -> tuple[bytes, bytes]:
    parts = [f"cache;desc={call.cache_result}"] if call.cache_result else []
    parts += [f"{name};dur={marks[name] * 1000:.1f}" for name in SERVERS if name in marks]
    parts.append(f"total;dur={(time.perf_counter() - call.started) * 1000:.1f}")
    return b"server-timing", ", ".join(parts).encode()
