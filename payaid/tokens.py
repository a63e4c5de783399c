"""Access tokens: HS256 JWTs that name a user of one tenant. Pure: the clock and the key are arguments.

The operator's tool mints the same tokens for load tests, with the same function.
"""

import time
import uuid
from collections.abc import Sequence
from typing import Any

import jwt

ALGORITHM = "HS256"
REQUIRED = ("exp", "iat", "sub", "tenant_id", "jti")


def mint(
    secret: str,
    *,
    issuer: str,
    audience: str,
    tenant_id: str,
    user_id: str,
    email: str,
    roles: Sequence[str],
    modules: Sequence[str],
    tier: str,
    permissions: Sequence[str] = (),
    session: str | None = None,
    ttl_s: int = 900,
    now: float | None = None,
) -> str:
    """A signed access token that lives `ttl_s` seconds. `session` ties it to a revocable login."""
    issued = int(time.time() if now is None else now)
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": user_id,
        "email": email,
        "tenant_id": tenant_id,
        "roles": list(roles),
        "permissions": list(permissions),
        "modules": list(modules),
        "tier": tier,
        "iat": issued,
        "exp": issued + ttl_s,
        "jti": uuid.uuid4().hex,
    }
    if session:
        claims["sid"] = session
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def verify(token: str, secret: str, *, issuer: str, audience: str) -> dict[str, Any]:
    """The token's claims, its signature, issuer, audience and expiry verified.

    Raises:
        jwt.InvalidTokenError: whatever is wrong with it.
    """
    claims: dict[str, Any] = jwt.decode(
        token,
        secret,
        algorithms=[ALGORITHM],
        issuer=issuer,
        audience=audience,
        options={"require": list(REQUIRED)},
    )
    return claims
