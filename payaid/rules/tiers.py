"""The plans and what each may ask (the limits table of the roadmap)."""

from enum import StrEnum
from typing import NamedTuple


class Tier(StrEnum):
    """A tenant's plan."""

    FREE = "free"
    BASIC = "basic"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class Budget(NamedTuple):
    """Requests of one tenant, per minute and per hour; 0 means no bound of that length."""

    minute: int
    hour: int


BUDGETS = {
    Tier.FREE: Budget(60, 1_000),
    Tier.BASIC: Budget(200, 10_000),
    Tier.PRO: Budget(500, 50_000),
    Tier.ENTERPRISE: Budget(1_000, 100_000),
}
UNAUTHENTICATED = Budget(60, 0)
LOGIN = Budget(10, 0)
# By address: an office behind one address renews the sessions of all its people.
REFRESH = Budget(60, 0)

# Names that the existing database stores, beside our own.
STORED = {"trial": Tier.BASIC, "starter": Tier.BASIC, "professional": Tier.PRO}


def tier_of(stored: str) -> Tier:
    """The tier that a stored plan name stands for; an unknown name gets the smallest."""
    name = stored.strip().lower()
    return STORED.get(name) or Tier.__members__.get(name.upper(), Tier.FREE)
