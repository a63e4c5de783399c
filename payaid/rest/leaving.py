"""A collection that will go says so in every answer, for as long as it is still there."""

from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from payaid.catalogue import Leaving

Headers = tuple[tuple[bytes, bytes], ...]


def headers(leaving: Leaving) -> Headers:
    """Deprecation (RFC 9745), Sunset (RFC 8594) and Link, as far as they are known; days begin at midnight UTC."""
    found = [(b"deprecation", b"@%d" % _moment(leaving.since).timestamp())]
    if leaving.until:
        found.append((b"sunset", format_datetime(_moment(leaving.until), usegmt=True).encode()))
    if leaving.successor:
        found.append((b"link", f'<{leaving.successor}>; rel="successor-version"'.encode()))
    return tuple(found)


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
