"""Refresh tokens: each says which session it is of, and can be exchanged once for the next.

The next one's secret is worked out from it and our key rather than drawn. So whoever exchanges again because the
answer was lost on the way is given the same one again: there is never more than one that works, and nothing has to be
kept but its hash. And each is signed: one that we never gave is nobody's stolen one, and touches no session.
"""

import base64
import hmac
import secrets
from hashlib import sha256
from typing import NamedTuple

from payaid.errors import Unauthenticated

STALE = "The refresh token is not good any more; log in again."


class RefreshToken(NamedTuple):
    """What a token says."""

    tenant: str
    session: str
    secret: str

    def has(self, hashed: str) -> bool:
        """Is this the one whose hash is kept?"""
        return hmac.compare_digest(hashed, digest(self.secret))


class RefreshTokens:
    """Makes and reads their text."""

    def __init__(self, secret: str) -> None:
        # A key of its own, derived: what is signed here means nothing anywhere else.
        self._key = hmac.digest(secret.encode(), b"payaid refresh token v1", "sha256")

    def seal(self, token: RefreshToken) -> str:
        """What the caller is given."""
        named = _text(f"{token.tenant}\0{token.session}".encode())
        return f"{named}.{token.secret}.{self._mixed('seal', token)}"

    def open(self, text: str) -> RefreshToken:
        """What was sealed.

        Raises:
            Unauthenticated: we have not sealed this.
        """
        named, _, rest = text.partition(".")
        secret, _, seal = rest.partition(".")
        try:
            tenant, session = base64.urlsafe_b64decode(named + "=" * (-len(named) % 4)).decode().split("\0")
        except ValueError:
            raise Unauthenticated(STALE) from None
        token = RefreshToken(tenant, session, secret)
        if not hmac.compare_digest(seal.encode(), self._mixed("seal", token).encode()):
            raise Unauthenticated(STALE)
        return token

    def after(self, token: RefreshToken) -> RefreshToken:
        """The one that it is exchanged for."""
        return token._replace(secret=self._mixed("next", token))

    def _mixed(self, use: str, token: RefreshToken) -> str:
        return _text(hmac.digest(self._key, "\0".join((use, *token)).encode(), "sha256"))


def drawn() -> str:
    """The secret of a session's first token."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
