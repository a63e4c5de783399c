"""What the cache and the limiter need of Redis."""

from collections.abc import Mapping
from hashlib import sha1
from typing import Any, Protocol


class Away(Exception):
    """Redis did not answer in time, answered with an error, or is not being asked at the moment."""


class Script:
    """A Lua script and its digest."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = sha1(source.encode()).hexdigest()  # noqa: S324  # Redis' own name for a script


class KeyValue(Protocol):
    """Every call raises Away, and nothing else."""

    async def open(self) -> None:
        """Find the nodes ahead of the first request, which would otherwise wait for it."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""

    async def put(self, key: str, value: bytes, life_s: float) -> None:
        """Keep a value for a time."""

    async def put_many(self, values: Mapping[str, tuple[bytes, float]]) -> None:
        """Keep many values, each with its life in seconds, pipelined."""

    async def delete(self, key: str) -> None:
        """Forget one key."""

    async def run(self, script: Script, key: str, *arguments: Any) -> Any:
        """Run a script atomically on one key."""

    async def close(self) -> None:
        """Close every connection."""
