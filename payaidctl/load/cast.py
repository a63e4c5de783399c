"""Casting: which tenants and users of the target play which scenario, with tokens minted ahead.

Every tenant gets no more users than 70 % of its own rate limit carries, so that no 429 in a run is earned by the
test itself; one more tenant is the noisy one, and nobody else plays in it.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from payaid import tokens
from payaid.rules.tiers import Tier, tier_of
from payaidctl.errors import UsageError
from payaidctl.load.budget import Seat, seat
from payaidctl.load.plan import Actor
from payaidctl.load.profile import Profile, shares
from payaidctl.seed import PASSWORD
from payaidctl.target import Target

TENANTS = """
SELECT t.id, t."subscriptionTier", t."licensedModules",
       jsonb_agg(jsonb_build_object('id', u.id, 'email', u.email, 'role', u.role) ORDER BY u.id) AS users
FROM "Tenant" t JOIN "User" u ON u."tenantId" = t.id
WHERE 'crm' = ANY (t."licensedModules") AND t.status IN ('active', 'trial') AND u."isActive"
GROUP BY t.id ORDER BY md5(t.id)
"""
LOGIN_ACCOUNTS = 200
# Everybody keeps a token for the whole run; a run that lasts longer than this is not a profile of ours.
TOKEN_TTL_S = 7200


@dataclass(frozen=True, slots=True)
class Troupe:
    """The cast: actors by scenario, and the tenants that `Actor.tenant` indexes; `noisy` is -1 without one."""

    cast: Mapping[str, list[Actor]]
    tenants: Sequence[str]
    seats: Sequence[Seat]
    noisy: int
    noisy_tier: Tier

    @property
    def counts(self) -> dict[str, int]:
        """Virtual users by scenario; one person does all the logins."""
        return {name: 1 if name == "logins" else len(actors) for name, actors in self.cast.items()}


class Caster:
    """Turns rows of the target's database into actors."""

    def __init__(self, target: Target, profile: Profile, people: Mapping[str, Any], rows: Sequence[Any]) -> None:
        self.profile = profile
        self.people = people
        self.rows = {row[0]: row for row in rows}
        self.secret = target.need("JWT_SECRET")
        self.issuer = target.get("JWT_ISSUER") or "payaid"
        self.audience = target.get("JWT_AUDIENCE") or "payaid-api"
        self.password = PASSWORD
        self.random = random.Random(5)
        self.minted: dict[str, str] = {}

    def troupe(self) -> Troupe:
        """Cast every part.

        Raises:
            UsageError: the target has too few tenants; the advice says how many to seed.
        """
        noisy = self._noisy() if self.profile.noisy else None
        names = [name for name in self.rows if noisy is None or name != noisy]
        tenants = [(name, self.rows[name][1]) for name in names]
        seats, homeless = seat(tenants, self.profile.users, self.units_per_minute())
        if homeless:
            raise self._too_small(homeless, len(tenants))
        index = {one.tenant: number for number, one in enumerate(seats)}
        cast = self._parts(seats, index)
        if noisy is not None:
            index[noisy] = len(index)
            cast["noisy"] = [self._actor(noisy, index[noisy], "noisy") for _ in range(self.profile.noisy)]
        if self.profile.logins:
            cast["logins"] = self._logins(seats, index)
        tier = tier_of(self.rows[noisy][1]) if noisy else Tier.FREE
        return Troupe(cast, list(index), seats, index[noisy] if noisy else -1, tier)

    def units_per_minute(self) -> float:
        """What the limiter charges one average user of the mix in a minute."""
        turns_per_minute = 60 / (sum(self.profile.think) / 2)
        per_turn: float = sum(
            share / 100 * self.people[name]["units"] * self.people[name]["turns"]
            for name, share in self.profile.mix.items()
        )
        return turns_per_minute * per_turn

    def _noisy(self) -> str:
        """A tenant with a small limit, so that few users are enough to exceed it."""
        order = (Tier.BASIC, Tier.PRO, Tier.FREE, Tier.ENTERPRISE)
        return min(map(str, self.rows), key=lambda name: order.index(tier_of(self.rows[name][1])))

    def _parts(self, seats: Sequence[Seat], index: Mapping[str, int]) -> dict[str, list[Actor]]:
        """Deal the seats out: scenarios with needs (a module) choose first, each takes from all tenants alike."""
        free = [one.tenant for one in seats for _ in range(one.users)]
        self.random.shuffle(free)
        counts = shares(self.profile.users, self.profile.mix)
        cast: dict[str, list[Actor]] = {name: [] for name in counts}
        for name in sorted(counts, key=lambda name: -len(self.people[name]["modules"])):
            needs = set(self.people[name]["modules"])
            able = [place for place, tenant in enumerate(free) if needs <= set(self.rows[tenant][2])]
            if len(able) < counts[name]:
                raise UsageError(
                    f"{counts[name]} users of `{name}` need tenants with {' and '.join(sorted(needs))}; "
                    f"there is room for {len(able)}",
                    "seed more tenants with these modules: `payaidctl seed --tenants N --contacts-per-tenant M`",
                )
            chosen = set(able[: counts[name]])
            cast[name] = [self._actor(free[place], index[free[place]], name) for place in sorted(chosen)]
            free = [tenant for place, tenant in enumerate(free) if place not in chosen]
        return cast

    def _actor(self, tenant: str, number: int, scenario: str) -> Actor:
        users = self.rows[tenant][3]
        roles = self.people[scenario]["roles"]
        rank = {role: place for place, role in enumerate(roles)}
        best = min(rank.get(user["role"], len(roles)) for user in users)
        user = self.random.choice([user for user in users if rank.get(user["role"], len(roles)) == best])
        return Actor(number, tenant, user["id"], user["email"], self._token(tenant, user))

    def _token(self, tenant: str, user: Mapping[str, str]) -> str:
        """One token a user and run: people who share an account share a session, as with one open browser each."""
        if user["id"] not in self.minted:
            self.minted[user["id"]] = tokens.mint(
                self.secret,
                issuer=self.issuer,
                audience=self.audience,
                tenant_id=tenant,
                user_id=user["id"],
                email=user["email"],
                roles=[user["role"]],
                modules=self.rows[tenant][2],
                tier=tier_of(self.rows[tenant][1]).value,
                ttl_s=TOKEN_TTL_S,
            )
        return self.minted[user["id"]]

    def _logins(self, seats: Sequence[Seat], index: Mapping[str, int]) -> list[Actor]:
        actors = []
        for one in seats[:LOGIN_ACCOUNTS]:
            user = self.rows[one.tenant][3][0]
            actors.append(Actor(index[one.tenant], one.tenant, user["id"], user["email"], self.password))
        return actors

    def _too_small(self, homeless: int, tenants: int) -> UsageError:
        room = self.profile.users - homeless
        # A tenth more than the arithmetic says: tiers are dealt out by chance.
        needed = int(self.profile.users / (room / tenants) * 1.1) + 1 if room else self.profile.users // 15
        return UsageError(
            f"the {tenants} tenants here carry {room} of {self.profile.users} users within 70 % of their rate limits",
            f"seed more: `payaidctl seed --tenants {needed} --contacts-per-tenant 500`",
        )


async def read_tenants(target: Target) -> list[Any]:
    """Tenants with their users: (id, tier, modules, users).

    Raises:
        UsageError: there are none.
    """
    import psycopg

    async with await psycopg.AsyncConnection.connect(
        target.direct_url, autocommit=True, connect_timeout=5, application_name="payaidctl loadtest"
    ) as connection:
        rows = await (await connection.execute(TENANTS)).fetchall()
    if not rows:
        raise UsageError("no tenant here has users and the crm module", "run `payaidctl seed` first")
    return rows
