"""How many users a tenant can carry without ever meeting its own rate limit. Pure."""

from dataclasses import dataclass

from payaid.rules.tiers import BUDGETS, Tier, tier_of

HEADROOM = 0.70


def users_of(tier: Tier, units_per_minute: float) -> int:
    """Users that fit into 70 % of both windows, however many runs follow each other within the hour.

    `units_per_minute` is what one user is charged: a batch counts each item, an export counts ten.
    """
    minute, hour = BUDGETS[tier]
    return int(min(minute * HEADROOM / units_per_minute, hour * HEADROOM / (units_per_minute * 60)))


@dataclass(frozen=True, slots=True)
class Seat:
    """One tenant with the number of users that it takes in a run."""

    tenant: str
    tier: Tier
    users: int


def seat(tenants: list[tuple[str, str]], users: int, units_per_minute: float) -> tuple[list[Seat], int]:
    """Fill tenants (id, stored tier) one after the other, each up to what it can carry, until all users sit.

    Full tenants are the honest case: their people share a cache and a limit as the people of a real company do.
    Returns the seats and how many users found none.
    """
    seats: list[Seat] = []
    left = users
    for name, stored in tenants:
        tier = tier_of(stored)
        here = min(left, users_of(tier, units_per_minute))
        if here:
            seats.append(Seat(name, tier, here))
            left -= here
    return seats, left
