"""A worker whose parent was killed must not live on: it would hold the port, and answer with what nobody supervises."""

import asyncio
import os
import signal

EVERY_S = 0.5


async def end_with_parent() -> None:
    """Send this process SIGTERM as soon as its parent is gone."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110  # the kernel sends no event for this
        await asyncio.sleep(EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
