"""Who a token stands for, by itself: a refusal is the primary's word, and no spelling of a token is kept for ever."""

import asyncio
import time
from typing import Any

import pytest

from payaid import tokens
from payaid.cache.local import Local
from payaid.cache.stamps import Stamps
from payaid.cache.store import Store
from payaid.db.routing import Fetched
from payaid.errors import Unauthenticated
from payaid.principal import Principal
from payaid.rest.sessions import LONGEST, Sessions
from payaid.settings import Settings

SECRET = "a secret that only tests have, of some length"
SETTINGS = Settings.read({"DATABASE_URL": "postgresql://nowhere/x", "JWT_SECRET": SECRET})
WHO = b'{"email":"u@example.in","role":"member","tier":"free","modules":["crm"],"name":"U","tenantName":"T"}'


class Reads:
    """A replica that has not come so far, and the primary."""

    def __init__(self, primary: bytes | None) -> None:
        self.primary = primary
        self.confirmed = 0

    async def read(self, *_: Any) -> Fetched:
        return Fetched(None, "e", 100, "replica-1", "replica")

    async def confirm(self, _: Any) -> Fetched:
        self.confirmed += 1
        return Fetched(self.primary, "e", 200, "primary", "confirm")


def token() -> str:
    return tokens.mint(
        SECRET, issuer=SETTINGS.jwt_issuer, audience=SETTINGS.jwt_audience, tenant_id="t", user_id="u", email="u@x.in",
        roles=["member"], modules=["crm"], tier="free", session="s",
    )  # fmt: skip


def authenticate(reads: Any, credentials: str) -> Principal:
    async def scene() -> Principal:
        stamps = Stamps(time.monotonic)
        stamps.listen("e", 100)
        return await Sessions(Store(Local(1_000_000), None, stamps), reads, SETTINGS).authenticate(credentials.encode())

    return asyncio.run(scene())


def test_a_session_that_a_replica_does_not_know_yet_is_asked_of_the_primary() -> None:
    assert authenticate(Reads(WHO), f"Bearer {token()}").user_id == "u"


def test_a_session_that_the_primary_does_not_know_is_refused() -> None:
    reads = Reads(None)
    with pytest.raises(Unauthenticated):
        authenticate(reads, f"Bearer {token()}")
    assert reads.confirmed == 1


@pytest.mark.parametrize("spelling", ["Bearer  {}", "Bearer {} ", "Bearer \t{}", "Bearer " + " " * LONGEST + "{}"])
def test_a_token_has_one_spelling(spelling: str) -> None:
    """Each would be kept, as long as it came."""
    with pytest.raises(Unauthenticated):
        authenticate(Reads(WHO), spelling.format(token()))
