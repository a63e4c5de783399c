"""The certificates that the target's servers show: until when each is valid. Trust is for the clients to judge."""

import asyncio
import ssl
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from payaidctl.environment.names import DATABASE_URLS, REDIS_URLS
from payaidctl.environment.urls import ENCRYPTED
from payaidctl.errors import Unreachable
from payaidctl.probes import NotNamed, _valkey
from payaidctl.target import Target, split_urls

NAMED_BY = ()
WRITES = ""
# PostgreSQL's request for TLS: length 8, and a version that no protocol has.
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
Place = tuple[str, int, bool]


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """Each server's days left, and the `soonest`."""
    places = dict.fromkeys(_places(target))
    if not places:
        raise NotNamed(f"no URL of {target.origin} asks for TLS (https, rediss, sslmode=require, REDIS_TLS)")
    ends = await asyncio.gather(*(_ends(place, timeout_s) for place in places))
    days = {
        f"{host}:{port}": round((end - datetime.now(UTC)).total_seconds() / 86400, 1)
        for (host, port, _), end in zip(places, ends, strict=True)
    }
    return {"days_left": days, "servers": sorted(days), "soonest": min(days.values())}


def _places(target: Target) -> Iterator[Place]:
    """Host, port, and whether TLS begins inside PostgreSQL's protocol."""
    for name in DATABASE_URLS:
        for url in split_urls(target.get(name) or ""):
            parts = urlsplit(url)
            if dict(parse_qsl(parts.query)).get("sslmode") in ENCRYPTED and parts.hostname:
                yield parts.hostname, parts.port or 5432, True
    for name, scheme, port in (("API_URL", "https", 443), *((one, "rediss", 6379) for one in REDIS_URLS)):
        parts = urlsplit(target.get(name) or "")
        if parts.scheme == scheme and parts.hostname:
            yield parts.hostname, parts.port or port, False
    if _valkey.tls(target):
        for node in (target.get("REDIS_CLUSTER_NODES") or "").replace(",", " ").split():
            host, _, text = node.rpartition(":")
            yield host.strip("[]"), int(text), False


async def _ends(place: Place, timeout_s: float) -> datetime:
    host, port, postgres = place
    # An expired or private certificate is still to be read: nothing is sent to it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port, ssl=None if postgres else context)
            try:
                if postgres:
                    writer.write(SSL_REQUEST)
                    if await reader.readexactly(1) != b"S":
                        raise Unreachable(f"{host}:{port} offers no TLS, though its URL asks for it")
                    await writer.start_tls(context, server_hostname=host)
                shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise Unreachable(f"{host}:{port}: {error or 'no answer in time'}") from error
    return not_after(shown)


def not_after(certificate: bytes) -> datetime:
    """The end of a certificate's validity, from its DER (RFC 5280, section 4.1)."""
    body = _parts(_parts(certificate)[0][1])[0][1]
    fields = [(tag, value) for tag, value in _parts(body) if tag != 0xA0]  # without the version
    _, (tag, value) = _parts(fields[3][1])
    shape = "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ"
    return datetime.strptime(value.decode("ascii"), shape).replace(tzinfo=UTC)


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The tag and value of each element of a DER text."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size]), at + size
        found.append((tag, data[at : at + length]))
        at += length
    return found
