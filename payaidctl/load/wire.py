"""One keep-alive HTTP/1.1 connection under gevent, at a fraction of what a general client costs.

geventhttpclient (Locust's FastHttpUser) asks select() whether an idle connection is still alive; above descriptor
1023 select() refuses, and the client silently reconnects for every request: with 10,000 users that measures TCP
handshakes. This connection has no such limit. Bodies come back as they were sent; `decode` unpacks them.
"""

import gzip
import select
import socket
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

from gevent.monkey import get_original

BLOCK = 65_536
BROKEN = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError)


class Answer(NamedTuple):
    """A whole response. `head` is the raw header block, lower-cased names are found by `header`."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> str:
        """The value of a header (`name` in lower case), or nothing."""
        at = self.head.lower().find(b"\r\n" + name + b":")
        if at < 0:
            return ""
        start = at + len(name) + 3
        end = self.head.find(b"\r\n", start)
        return self.head[start : end if end >= 0 else None].strip().decode("latin-1")


class Malformed(OSError):
    """The server's bytes were no HTTP response, or stopped in the middle of one."""


class Connection:
    """A connection that is opened on first use and after the server closed it."""

    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        self.tls = parts.scheme == "https"
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or (443 if self.tls else 80)
        self.timeout = timeout
        self.socket: socket.socket | None = None

    def exchange(self, request: bytes) -> Answer:
        """Send one request and read its response.

        A connection that the server closed while it was idle is opened anew, which is what every client does. A GET
        may be sent again for that; anything else is sent once only, so its connection is looked at first.

        Raises:
            OSError: it cannot be connected, breaks, or does not answer in time (TimeoutError).
        """
        if self.socket is not None and not request.startswith(b"GET ") and _hung_up(self.socket):
            self.close()
        if self.socket is not None:
            try:
                return self._exchange(self.socket, request)
            except BROKEN:
                if not request.startswith(b"GET "):
                    raise
        return self._exchange(self._open(), request)

    def close(self) -> None:
        """Hang up."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _open(self) -> socket.socket:
        opened = socket.create_connection((self.host, self.port), self.timeout)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=self.host)
        self.socket = opened
        return opened

    def _exchange(self, connection: socket.socket, request: bytes) -> Answer:
        try:
            connection.sendall(request)
            answer, keep = _read(connection)
        except OSError:
            self.close()
            raise
        if not keep:
            self.close()
        return answer


def _hung_up(connection: socket.socket) -> bool:
    """Whether an idle connection has something to read: the end of it, or what nobody asked for."""
    poll = get_original("select", "poll")()  # type: ignore[no-untyped-call]
    poll.register(connection.fileno())
    return any(event & select.POLLIN for _, event in poll.poll(0))


def _read(connection: socket.socket) -> tuple[Answer, bool]:
    data = connection.recv(BLOCK)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    end = data.find(b"\r\n\r\n")
    while end < 0:
        data += _more(connection)
        end = data.find(b"\r\n\r\n")
    head, body = data[:end], data[end + 4 :]
    try:
        status = int(head[9:12])
    except ValueError:
        raise Malformed(f"not HTTP: {head[:40]!r}") from None
    lower = head.lower()
    keep = b"\r\nconnection: close" not in lower
    if status in {204, 304} or status < 200:
        return Answer(status, head, b""), keep
    length = _length(lower)
    if length is not None:
        return Answer(status, head, _exactly(connection, body, length)), keep
    if b"\r\ntransfer-encoding: chunked" in lower:
        return Answer(status, head, _chunked(connection, body)), keep
    return Answer(status, head, _to_the_end(connection, body)), False


def _length(lower: bytes) -> int | None:
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        return None
    end = lower.find(b"\r\n", at + 2)
    return int(lower[at + 17 : end if end >= 0 else None])


def _exactly(connection: socket.socket, body: bytes, length: int) -> bytes:
    if len(body) >= length:
        return body[:length]
    parts, have = [body], len(body)
    while have < length:
        part = _more(connection)
        parts.append(part)
        have += len(part)
    return b"".join(parts)[:length]


def _chunked(connection: socket.socket, data: bytes) -> bytes:
    body = bytearray()
    while True:
        while (line_end := data.find(b"\r\n")) < 0:
            data += _more(connection)
        size = int(data[:line_end].split(b";")[0], 16)
        data = data[line_end + 2 :]
        while len(data) < size + 2:
            data += _more(connection)
        if size == 0:
            return bytes(body)
        body += data[:size]
        data = data[size + 2 :]


def _to_the_end(connection: socket.socket, body: bytes) -> bytes:
    parts = [body]
    while part := connection.recv(BLOCK):
        parts.append(part)
    return b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(BLOCK)
    if not data:
        raise Malformed("the server closed the connection in the middle of an answer")
    return data


def decode(answer: Answer) -> bytes:
    """The body, unpacked.

    Raises:
        ValueError: its coding is broken or unknown.
    """
    coding = answer.header(b"content-encoding")
    if not coding or coding == "identity" or not answer.body:
        return answer.body
    try:
        if coding == "gzip":
            return gzip.decompress(answer.body)
        if coding == "br":
            import brotli

            unpacked: bytes = brotli.decompress(answer.body)
            return unpacked
    except Exception as error:
        raise ValueError(f"its {coding} coding is broken: {error}") from error
    raise ValueError(f"it is coded as {coding}, which was not asked for")
