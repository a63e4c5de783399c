"""One connection to one node. Callers share it: what is asked in one turn of the loop is one write, and replies
come back in the order of the questions.
"""

import asyncio
import time
from collections import deque
from typing import Any, cast

from hiredis import ProtocolError, Reader, pack_command

# How often unanswered questions are looked through; so late may a time-out be told.
LOOK_S = 0.01
# A look that comes later than this found our own loop busy, and the answer may lie unread in the socket. Only what
# the loop was there to hear counts as silence: else an overloaded process would find Redis away, give up its cache,
# and be overloaded all the more.
ATTENTIVE_S = 2 * LOOK_S
# A question open for so much longer than its caller waited: the connection leads nowhere.
DEAD_S = 1.0
# Questions without an answer; more would only wait longer than anybody does.
FULL = 10_000

Answer = asyncio.Future[Any]


def pack(*words: str | bytes | int) -> bytes:
    """A command as it travels."""
    packed: bytes = pack_command(words)  # type: ignore[arg-type]  # its stub knows tuples of one word only
    return packed


class Link(asyncio.Protocol):
    """Ask, and await the answer. An error that Redis answers with is an answer: a `hiredis.ReplyError` value."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[Answer, float]] = deque()
        self._leaving: list[bytes] = []
        self._look: asyncio.TimerHandle | None = None
        # Seconds in which an answer would have been heard; deadlines are counted in them.
        self._attention = 0.0
        self._looked = 0.0
        self.broken = False

    def ask(self, command: bytes, timeout_s: float) -> Answer:
        """Send a packed command; its future raises OSError or TimeoutError where no answer comes."""
        answer: Answer = self._loop.create_future()
        if self.broken or len(self._waiting) >= FULL:
            answer.set_exception(ConnectionError("the connection is lost" if self.broken else "too many questions"))
            return answer
        self._waiting.append((answer, self._attention + timeout_s))
        if not self._leaving:
            self._loop.call_soon(self._send)
        self._leaving.append(command)
        if self._look is None:
            self._looked = time.monotonic()
            self._look = self._loop.call_later(LOOK_S, self._look_through)
        return answer

    def close(self) -> None:
        """Give the connection up; whoever waits learns it."""
        self.broken = True
        if self._transport:
            self._transport.abort()
        self._fail(ConnectionError("the connection was closed"))

    # -- asyncio.Protocol ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand each reply to the one who asked; who has given up meanwhile still had a place in the line."""
        waiting = self._waiting
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                answer, _ = waiting.popleft()
                if not answer.done():
                    answer.set_result(reply)
        except (ProtocolError, IndexError):
            # What was not asked for, or is no RESP: nothing further on this connection can be trusted.
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed by the other side, or by us."""
        self.broken = True
        self._fail(ConnectionError(f"the connection is lost: {exc or 'closed by the node'}"))

    # -- inside -------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        leaving, self._leaving = self._leaving, []
        if not self.broken and self._transport:
            self._transport.write(b"".join(leaving))

    def _look_through(self) -> None:
        """One timer for all questions: a time-out each would cost more than the question."""
        now = time.monotonic()
        self._attention += min(now - self._looked, ATTENTIVE_S)
        self._looked = now
        for answer, deadline in self._waiting:
            if deadline <= self._attention and not answer.done():
                answer.set_exception(TimeoutError("no answer in time"))
        if self._waiting and self._waiting[0][1] + DEAD_S < self._attention:
            self.close()
        self._look = self._loop.call_later(LOOK_S, self._look_through) if self._waiting else None

    def _fail(self, error: Exception) -> None:
        while self._waiting:
            answer, _ = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(error)
