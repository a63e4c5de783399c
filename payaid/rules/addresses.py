"""Whose address it is: what one caller may be counted by, and which networks it belongs to."""

import ipaddress
from collections.abc import Iterable

# A customer of an IPv6 provider gets a /64 at least: addresses within it cost nothing, so they count as one caller.
IPV6_SHARE = 64
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def share(address: str) -> str:
    """What a budget by address is kept under: an IPv4 address, or an IPv6 address's /64; a text that is neither, as is.

    An IPv4 address written as IPv6 (::ffff:192.0.2.1) is that IPv4 address.
    """
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, IPV6_SHARE), strict=False))


def within(address: str, networks: Iterable[Network]) -> bool:
    """Does the address belong to one of the networks? A text that is no address belongs to none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(plain in network for network in networks)


def without_port(text: str) -> str:
    """The address of what a proxy writes: 192.0.2.1, 192.0.2.1:51234, 2001:db8::1, [2001:db8::1]:51234."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
