"""Facts as StatsD packets over UDP, under the names that the roadmap's dashboards use."""

import re
import socket

from payaid import observe

BOUND = 1400
UNSAFE = re.compile(r"[^a-z0-9]+")


class StatsD:
    """Buffers lines into packets; a packet that cannot be sent is lost, as UDP's are."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._address = (host, port)
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
