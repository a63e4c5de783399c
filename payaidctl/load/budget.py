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
    """Spread `users` over the tenants (id, stored tier) in proportion to what each can carry.

    Every tenant that can carry someone takes part, so that no tenant's cache is the only one that is hot. Returns the
    seats and how many users found none.
    """
    tiers = [(name, tier_of(stored)) for name, stored in tenants]
    room = [(name, tier, users_of(tier, units_per_minute)) for name, tier in tiers]
    total = sum(places for _, _, places in room)
    if total == 0:
        return [], users
    share = min(1.0, users / total)
    seats, taken, carried = [], 0, 0.0
    for name, tier, places in room:
        carried += places * share
        here = min(places, round(carried) - taken)
        taken += here
        if here:
            seats.append(Seat(name, tier, here))
    return seats, users - taken
