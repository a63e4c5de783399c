"""The operator's door: a token, and a count of those who guess at it."""

import base64
import hmac

from payaid.call import Call
from payaid.errors import TooManyRequests, Unauthenticated
from payaid.limits.limiter import Limiter
from payaid.rules.addresses import share
from payaid.rules.tiers import LOGIN


class Door:
    """Lets in who shows the token. Those who read often are not charged; guesses are, ten a minute an address."""

    def __init__(self, name: str, token: str, limiter: Limiter) -> None:
        self.token = token.encode()
        self._name = name
        self._limiter = limiter

    async def enter(self, call: Call, refusal: Unauthenticated) -> None:
        """Pass, or raise `refusal`, and soon 429."""
        if not hmac.compare_digest(_shown(call.header(b"authorization")), self.token):
            await self.refuse(call, refusal)

    async def refuse(self, call: Call, refusal: Unauthenticated) -> None:
        """Count a guess, and raise."""
        ruling = await self._limiter.admit(f"{self._name}:{share(call.client)}", LOGIN, closed=True)
        if not ruling.admitted:
            raise TooManyRequests("Too many attempts.", headers={"Retry-After": str(max(1, ruling.retry_after_s))})
        raise refusal


def _shown(header: str) -> bytes:
    """The token in an Authorization header: Bearer, or the password of Basic, whoever the user."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
    except ValueError:  # not base64, or not even ASCII
        return b""
