"""Where a request to an address that a tenant chose may go: to the public internet, and nowhere near ourselves."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from payaid.jobs.policy import Permanent, Transient

Address = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Route:
    """A checked address to connect to. The name is not resolved again: a second answer could be another one."""

    url: str
    host: str
    headers: dict[str, str]
    extensions: dict[str, str]


async def route(url: str, allowed: Sequence[str]) -> Route:
    """Check the URL and every address of its host, and pin the first.

    Raises:
        Permanent: the URL is not one to send to, or leads to a private address that `allowed` does not hold.
        Transient: the name cannot be resolved now.
    """
    parts = _checked(url)
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme]
    addresses = await _addresses(host, port)
    for address in addresses:
        if not is_public(address) and not _is_in(address, allowed):
            raise Permanent(f"{host} is {address}, which is not a public address")
    numeric = f"[{addresses[0]}]" if addresses[0].version == 6 else str(addresses[0])
    pinned = parts._replace(netloc=f"{numeric}:{port}", fragment="").geturl()
    named = f"[{host}]" if ":" in host else host
    header = named if port == PORTS[parts.scheme] else f"{named}:{port}"
    return Route(pinned, host, {"Host": header}, {"sni_hostname": host})


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet; one that wraps another is judged by what it wraps."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
        if address.teredo is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Permanent(f"not a URL: {error}") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise Permanent("only http:// and https:// URLs with a host can be sent to")
    if parts.username is not None or parts.password is not None:
        raise Permanent("a URL with credentials in it is not sent to")
    if port == 0:
        raise Permanent("port 0 is no port")
    return parts


async def _addresses(host: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Transient(f"{host} cannot be resolved: {error}") from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _is_in(address: Address, networks: Iterable[str]) -> bool:
    return any(address in ip_network(network, strict=False) for network in networks)
