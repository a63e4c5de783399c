"""The protocol over a node or a cluster."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from hiredis import ReplyError

from payaid.kv.link import pack
from payaid.kv.node import Asks
from payaid.kv.protocol import Away, Script

# A count is worth waiting for a little longer than a cached answer: without it the limit is a guess.
COUNTING = 3
# Many values at once, and nobody's request waits for them.
BULK = 20


class RedisKeyValue:
    """KeyValue over `servers`; an answer is waited for `timeout_s`."""

    def __init__(self, servers: Asks, timeout_s: float) -> None:
        self._servers = servers
        self._timeout_s = timeout_s

    async def open(self) -> None:
        """Find the nodes; one that is away now is found later."""
        with contextlib.suppress(Away):
            await self._servers.open()

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""
        value: bytes | None = await self._ask(key, "GET", key)
        return value

    async def put(self, key: str, value: bytes, life_s: float) -> None:
        """Keep a value for a time."""
        await self._put(key, value, life_s)

    async def put_many(self, values: Mapping[str, tuple[bytes, float]]) -> None:
        """Keep many values, each with its life in seconds: one write a node, then its answers."""
        puts = (self._put(key, value, life_s, BULK) for key, (value, life_s) in values.items())
        for outcome in await asyncio.gather(*puts, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def delete(self, key: str) -> None:
        """Forget one key."""
        await self._ask(key, "DEL", key)

    async def run(self, script: Script, key: str, *arguments: Any) -> Any:
        """Run a script by its digest; a node that does not know it yet is sent the source."""
        command = pack("EVALSHA", script.sha, 1, key, *arguments)
        reply = await self._servers.ask(key, command, self._timeout_s * COUNTING)
        if type(reply) is ReplyError and str(reply).startswith("NOSCRIPT"):
            return await self._ask(key, "EVAL", script.source, 1, key, *arguments, patience=COUNTING)
        return _value(reply)

    async def close(self) -> None:
        """Close every connection."""
        self._servers.close()

    async def _put(self, key: str, value: bytes, life_s: float, patience: int = 1) -> None:
        await self._ask(key, "SET", key, value, "PX", max(1, int(life_s * 1000)), patience=patience)

    async def _ask(self, key: str, *command: Any, patience: int = 1) -> Any:
        return _value(await self._servers.ask(key, pack(*command), self._timeout_s * patience))


def _value(reply: Any) -> Any:
    if isinstance(reply, ReplyError):
        raise Away(f"Redis refused: {reply}")
    return reply
