"""A refresh token: which session it is of, and a secret that can be exchanged once.

The secret after it is worked out from it and the server's key rather than drawn. So whoever exchanges again because the
answer was lost on the way is given the same one again: there is never more than one that works, and nothing has to be
kept but its hash.
"""

import base64
import hmac
import secrets
from hashlib import sha256
from typing import NamedTuple

from payaid.errors import Unauthenticated

STALE = "The refresh token is not good any more; log in again."


class RefreshToken(NamedTuple):
    """What the text that a caller holds is made of."""

    tenant: str
    session: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> "RefreshToken":
        """Take apart what `str` put together.

        Raises:
            Unauthenticated: it is none of ours.
        """
        named, _, secret = text.partition(".")
        try:
            tenant, session = base64.urlsafe_b64decode(named + "=" * (-len(named) % 4)).decode().split("\0")
        except ValueError:
            raise Unauthenticated(STALE) from None
        if not tenant or not session or not secret:
            raise Unauthenticated(STALE)
        return cls(tenant, session, secret)

    def __str__(self) -> str:
        """What the caller is given."""
        named = base64.urlsafe_b64encode(f"{self.tenant}\0{self.session}".encode()).decode().rstrip("=")
        return f"{named}.{self.secret}"

    def next(self, key: str) -> "RefreshToken":
        """The one that it is exchanged for; without the key nobody can tell which."""
        mixed = hmac.digest(key.encode(), f"refresh\0{self.tenant}\0{self.session}\0{self.secret}".encode(), "sha256")
        return self._replace(secret=base64.urlsafe_b64encode(mixed).decode().rstrip("="))

    def has(self, hashed: str) -> bool:
        """Is this the one whose hash is kept?"""
        return hmac.compare_digest(hashed, digest(self.secret))


def drawn() -> str:
    """The secret of a session's first token."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()
