"""The read-your-writes token: the position of a caller's own write, signed, tied to the epoch."""

import hashlib
import hmac
from collections.abc import Callable

from payaid.errors import BadRequest

SIGNED = 16


class StampTokens:
    """Makes and reads `X-Payaid-Stamp`. Positions of another epoch mean nothing and ask for nothing."""

    def __init__(self, secret: str, epoch: Callable[[], str]) -> None:
        self._key = hmac.digest(secret.encode(), b"payaid stamp v1", "sha256")
        self._epoch = epoch

    @property
    def ready(self) -> bool:
        """Is the epoch known: before that, a position means nothing a moment later."""
        return bool(self._epoch())

    def seal(self, stamp: int) -> str:
        """The token that shows this position."""
        text = f"{self._epoch()}.{stamp:x}"
        return f"{text}.{self._sign(text)}"

    def open(self, token: str) -> int:
        """The position that must be shown; 0 for a token of another epoch.

        Raises:
            BadRequest: it is not a token that this service made.
        """
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(text).encode()):
            raise BadRequest(
                "X-Payaid-Stamp is not a token that this API made. Leave it out, or send the last one you got.",
                errors=[{"pointer": "header:X-Payaid-Stamp", "detail": "bad signature"}],
            )
        epoch, _, stamp = text.partition(".")
        return int(stamp, 16) if epoch == self._epoch() else 0

    def _sign(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()[:SIGNED]
