"""The answer as a value: status, body, entity tag. What Postgres wrote is passed on, not decoded."""

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from payaid.errors import NotFound
from payaid.rest.cursor import Cursors
from payaid.rest.plan import ListPlan, Plan

JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, before compression and conditional requests. `file`: its body is in there, and is streamed."""

    status: int
    body: bytes
    content_type: bytes = JSON
    etag: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())
    file: Path | None = None


def reply(planned: Plan, raw: bytes | None, cursors: Cursors) -> Reply:
    """Finish what the statement answered.

    Raises:
        NotFound: there is no such row for this tenant, or no such parent.
    """
    if raw is None:
        raise NotFound(f"There is nothing at {_where(planned)}.")
    body = _page(planned, raw, cursors) if isinstance(planned, ListPlan) else raw
    return Reply(200, body, etag=etag(body))


def joined(bodies: list[bytes]) -> tuple[bytes, bytes]:
    """One object of the members of several, and its entity tag."""
    body = b"{" + b", ".join(one[1:-1] for one in bodies) + b"}"
    return body, etag(body)


def etag(body: bytes) -> bytes:
    """A strong entity tag: equal exactly when the bytes are."""
    return b'"%s"' % blake2b(body, digest_size=12).hexdigest().encode()


def _page(planned: ListPlan, raw: bytes, cursors: Cursors) -> bytes:
    key, _, rows = raw.removeprefix(b"+").partition(b"\n")
    following = b"null"
    if key:
        following = b'"%s"' % cursors.seal(key, f"{planned.path} {planned.query.binding}").encode()
    capped = b"" if not planned.query.search else b',"capped":true' if raw.startswith(b"+") else b',"capped":false'
    return b'{"data":[%s],"page":{"limit":%d,"next":%s%s}}' % (rows, planned.query.limit, following, capped)


def _where(planned: Plan) -> str:
    return planned.path if isinstance(planned, ListPlan) else planned.key


def tagged(tag: bytes, coding: str) -> bytes:
    """A strong entity tag names one representation, so each coding has its own: "abc" becomes "abc-br"."""
    return tag[:-1] + b"-" + coding.encode() + b'"' if coding else tag


def untagged(tag: bytes) -> bytes:
    """The tag of the identity representation."""
    return re.sub(rb'-(?:br|gzip)"$', b'"', tag)


def matches(condition: bytes, tag: bytes) -> bool:
    """Does an If-Match or If-None-Match list name this entity, in whatever coding?"""
    if condition.strip() == b"*":
        return True
    return any(untagged(one.strip().removeprefix(b"W/")) == tag for one in condition.split(b","))
