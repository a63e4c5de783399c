"""Facts as StatsD packets over UDP, under the names that the roadmap's dashboards use."""

import asyncio
import re
import socket
from typing import Any

from payaid import observe

BOUND = 1400
EVERY_S = 1.0
UNSAFE = re.compile(r"[^a-z0-9]+")


class StatsD:
    """Buffers lines into packets; a packet that cannot be sent is lost, as UDP's are."""

    def __init__(self, host: str, port: int) -> None:
        # The name is looked up here and now: looking it up at each packet would stop the event loop for that long.
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind)
        self._socket.setblocking(False)
        self._address: Any = address
        self._buffer = bytearray()
        self._names: dict[str, str] = {}

    def subscribe(self) -> None:
        """Interpret every answer from now on."""
        observe.subscribe(observe.Answered, self._answered)

    def _answered(self, fact: observe.Answered) -> None:
        name = self._names.get(fact.route)
        if name is None:
            name = self._names[fact.route] = UNSAFE.sub("_", fact.route.lower()).strip("_")
        self._add(b"api.%s.duration:%d|ms" % (name.encode(), fact.seconds * 1000))
        self._add(b"api.%s.%d:1|c" % (name.encode(), fact.status))
        self._add(b"api.total_requests:1|c")

    def _add(self, line: bytes) -> None:
        if len(self._buffer) + len(line) >= BOUND:
            self.flush()
        self._buffer += line + b"\n"

    async def keep(self) -> None:
        """Send what is buffered every second, until cancelled: a packet that waits to be full would be late."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.flush()

    def flush(self) -> None:
        """Send what is buffered."""
        if self._buffer:
            try:
                self._socket.sendto(bytes(self._buffer), self._address)
            except OSError as error:
                observe.emit(observe.Degraded("statsd", type(error).__name__))
            self._buffer.clear()

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._socket.close()
