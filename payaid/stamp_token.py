"""The read-your-writes token: the position of a caller's own write, signed, tied to the epoch."""

import hmac
from collections.abc import Callable
from hashlib import blake2b

from payaid.cache.stamps import DIRTY
from payaid.db.identity import SYSTEM_LENGTH, Mark
from payaid.errors import BadRequest

SIGNED = 16


class StampTokens:
    """Makes and reads `X-Payaid-Stamp`. `epoch` tells in which one this process hears, or heard last; "" before."""

    def __init__(self, secret: str, epoch: Callable[[], str]) -> None:
        self._key = hmac.digest(secret.encode(), b"payaid stamp v1", "sha256")
        self._epoch = epoch

    def seal(self, mark: Mark) -> str:
        """The token that shows this position. The epoch is the written server's, which we may not hear yet."""
        text = f"{mark.epoch}.{mark.position:x}"
        return f"{text}.{self._sign(text)}"

    def open(self, token: str) -> int:
        """The position that must be shown.

        A position of an earlier epoch asks for nothing: what it names is below our floor, or lost with the old
        primary. One of a later epoch is above all that we know of: a sibling heard of the new primary before us.

        Raises:
            BadRequest: it is not a token that this service made.
        """
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(text).encode()):
            raise BadRequest(
                "X-Payaid-Stamp is not a token that this API made. Leave it out, or send the last one you got.",
                errors=[{"pointer": "header:X-Payaid-Stamp", "detail": "bad signature"}],
            )
        epoch, _, position = text.partition(".")
        ours = self._epoch()
        if epoch == ours:
            return int(position, 16)
        return DIRTY if epoch > ours and ours[:SYSTEM_LENGTH] in ("", epoch[:SYSTEM_LENGTH]) else 0

    def _sign(self, text: str) -> str:
        # BLAKE2's own keyed mode: many times faster than an HMAC by way of OpenSSL, and this is on the way of hits.
        return blake2b(text.encode(), key=self._key, digest_size=SIGNED // 2).hexdigest()
