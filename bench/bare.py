"""The bare server: the same bytes, from Granian, with nothing in between.

As many bodies as are asked for, in turns: one that is sent again and again lies in the processor's cache, as the pages
of thousands of tenants cannot, and a cache that keeps them would be measured for that.
"""

import itertools
import json
import os
from typing import Any

SIZE, BODIES = int(os.environ["BENCH_BYTES"]), int(os.environ["BENCH_BODIES"])
# Each a copy of its own.
IN_TURNS = itertools.cycle([bytes(bytearray(SIZE)) for _ in range(BODIES)])
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
    await send({"type": "http.response.body", "body": next(IN_TURNS)})
