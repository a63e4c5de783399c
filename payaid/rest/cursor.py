"""Keyset cursors: the last row's sort key, opaque and signed, bound to the request that it continues."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import orjson

from payaid.errors import BadRequest

SIGNATURE = 12


class Cursors:
    """Makes and reads cursors. The key is derived from the signing secret under its own label."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"payaid cursor v1", "sha256")

    def seal(self, key: bytes, binding: str) -> str:
        """`key` is the JSON array of the last row's sort values; `binding` is what the list was filtered by."""
        return base64.urlsafe_b64encode(self._sign(key, binding) + key).decode().rstrip("=")

    def open(self, cursor: str, binding: str, length: int) -> tuple[Any, ...]:
        """The sort values that a cursor stands for.

        Raises:
            BadRequest: it is not ours, was changed, or belongs to another filter, sort or collection.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            raise self._bad("is not a cursor that this API made") from None
        key = raw[SIGNATURE:]
        if not hmac.compare_digest(raw[:SIGNATURE], self._sign(key, binding)):
            raise self._bad("does not belong to this collection, filter and sort")
        values = tuple(orjson.loads(key))
        if len(values) != length:
            raise self._bad("does not fit the sort order")
        return values

    def _sign(self, key: bytes, binding: str) -> bytes:
        return hmac.digest(self._key, binding.encode() + b"\0" + key, hashlib.sha256)[:SIGNATURE]

    @staticmethod
    def _bad(what: str) -> BadRequest:
        return BadRequest(
            f"The cursor {what}. Start again without `cursor`.",
            errors=[{"pointer": "query:cursor", "detail": what}],
        )
