"""One server: its link, opened when it is first asked for and again when it breaks, behind a breaker."""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from hiredis import ReplyError

from payaid import observe
from payaid.kv.link import Link, pack
from payaid.kv.protocol import Away

# After this many failures in a row nothing is asked for OPEN_S; then one call is let through to see.
TRIP, OPEN_S = 5, 1.0
CONNECT_S = 1.0


class Asks(Protocol):
    """Something that answers commands about a key: a node, or a cluster of them."""

    async def ask(self, key: str, command: bytes, timeout_s: float) -> Any:
        """The reply, an error reply included.

        Raises:
            Away: no answer.
        """

    async def open(self) -> None:
        """Connect."""

    def close(self) -> None:
        """Close every connection."""


@dataclass(frozen=True, slots=True)
class Access:
    """How nodes are entered: credentials, TLS, and the numbered database of a single node."""

    username: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None
    database: int = 0

    def greeting(self) -> list[bytes]:
        """What is said on a fresh connection."""
        words = [["AUTH", *([self.username] if self.username else []), self.password]] if self.password else []
        words += [["SELECT", str(self.database)]] if self.database else []
        return [pack(*one) for one in [*words, ["CLIENT", "SETNAME", "payaid"]]]


class Node:
    """One Redis server."""

    def __init__(self, host: str, port: int, access: Access) -> None:
        self.host, self.port = host, port
        self._access = access
        self._link: Link | None = None
        self._linked_at = 0.0
        self._connecting: asyncio.Task[Link] | None = None
        self._failures = 0
        self._open_until = 0.0

    async def open(self) -> None:
        """Connect; a node that is away now is tried again by whoever asks next."""
        try:
            await self._connected()
        except (OSError, TimeoutError) as error:
            raise Away(str(error)) from error

    async def ask(self, key: str, command: bytes, timeout_s: float, before: bytes = b"") -> Any:
        """The reply, an error reply included. `before` is said on the same connection with nothing in between.

        Raises:
            Away: no answer, or not asked because it failed a moment ago.
        """
        now = time.monotonic()
        if now < self._open_until:
            raise Away("not asked: it failed a moment ago")
        if self._failures >= TRIP:
            self._open_until = now + OPEN_S  # this one sees for all
        try:
            link = self._link
            if link is None or link.broken:
                async with asyncio.timeout(timeout_s):
                    link = await self._connected()
            if before:
                link.ask(before, timeout_s).add_done_callback(lambda done: done.cancelled() or done.exception())
            reply = await link.ask(command, timeout_s)
        except (OSError, TimeoutError) as error:
            self._failed(now, type(error).__name__)
            raise Away(f"{self.host}:{self.port}: {type(error).__name__}: {error}") from error
        self._failures, self._open_until = 0, 0.0
        if type(reply) is ReplyError and "READONLY" in str(reply):
            self._demoted(link, now)
            raise Away(f"{self.host}:{self.port} is a replica by now")
        return reply

    def close(self) -> None:
        """Close the connection."""
        if self._connecting:
            self._connecting.cancel()
        if self._link:
            self._link.close()

    async def _connected(self) -> Link:
        """The link; callers who find it broken at the same time wait for the same new one."""
        if self._link and not self._link.broken:
            return self._link
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return await asyncio.shield(self._connecting)
        except asyncio.CancelledError:
            if not self._connecting.cancelled():
                raise  # it is the caller that was cancelled
            # A cluster's new map does not name this node any more: no reason to break off its callers' requests.
            raise ConnectionError("the node was given up") from None

    async def _connect(self) -> Link:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            _, link = await loop.create_connection(Link, self.host, self.port, ssl=self._access.tls)
        try:
            for reply in await asyncio.gather(*(link.ask(one, CONNECT_S) for one in self._access.greeting())):
                if isinstance(reply, ReplyError):
                    raise ConnectionError(f"refused: {reply}")
        except BaseException:
            link.close()
            raise
        # Here and not by whoever waits: they may all have run out of patience, and the next one finds it.
        self._link, self._linked_at = link, time.monotonic()
        return link

    def _demoted(self, link: Link, now: float) -> None:
        """Another server is the master, and our name may lead there by now: connect anew, but not at each write."""
        observe.emit(observe.Degraded("redis", "demoted"))
        if link is self._link and now - self._linked_at >= OPEN_S:
            self._link = None
            asyncio.get_running_loop().call_later(CONNECT_S, link.close)  # reads are under way on it

    def _failed(self, now: float, what: str) -> None:
        self._failures += 1
        observe.emit(observe.Degraded("redis", what))
        if self._failures >= TRIP:
            self._open_until = now + OPEN_S
