"""The bare server: the same bytes, from Granian, with nothing in between."""

import json
import os
from typing import Any

BODY = b"x" * int(os.environ["BENCH_BYTES"])
HEADERS = [(name.encode(), value.encode()) for name, value in json.loads(os.environ["BENCH_HEADERS"])]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer every request with the headers and the body."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
