"""What every table's rows of a tenant are made with, and the tenant's own row and users."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random

from payaid.rules.gstin import STATES
from payaidctl.seed.plan import MODULES, TenantPlan
from payaidctl.seed.pools import Calendar, people
from payaidctl.seed.words.places import CITIES, STREETS

ASSORTMENTS = (100, 20)
# Spreads consecutive numbers over 40 bits; `mix` and the loops that cannot afford a call use it.
SPREAD, MASK = 0x9E3779B97F, 0xFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer is, and the same as COPY columns."""

    code: str
    state: str
    address: str
    city: str
    postal: str
    columns: str


class Maker:
    """One tenant's surroundings. Everything follows from the seed, the tenant and the table."""

    def __init__(self, plan: TenantPlan, calendar: Calendar, seed: int, password_hash: str) -> None:
        self.plan = plan
        self.calendar = calendar
        self.seed = seed
        self.password_hash = password_hash
        self.salt = Random(f"{seed}:{plan.id}").getrandbits(40)
        # Bills and carts are made for a few sizes of assortment only.
        self.sold = next(size for size in ASSORTMENTS if size <= plan.products)
        self.places = self._places()

    def bits(self, table: str) -> Callable[[int], int]:
        """The table's own source of randomness."""
        return Random(f"{self.seed}:{self.plan.id}:{table}").getrandbits

    def mix(self, number: int) -> int:
        """40 bits that belong to one contact or user."""
        return (number * SPREAD + self.salt) & MASK

    @cached_property
    def user_ids(self) -> list[str]:
        """The users' ids, by number."""
        return [f"{self.plan.id}-u{n:04}" for n in range(self.plan.users)]

    @cached_property
    def contact_ids(self) -> list[str]:
        """The contacts' ids, by number."""
        return [f"{self.plan.id}-c{n:06}" for n in range(self.plan.contacts)]

    @cached_property
    def contact_names(self) -> list[str]:
        """The contacts' names, by number."""
        names = people()
        return [names[(self.mix(n) >> 7) & 4095][0] for n in range(self.plan.contacts)]

    def _places(self) -> list[Place]:
        """64 places: two in three in the tenant's own state."""
        random = Random(f"{self.seed}:{self.plan.id}:places")
        near = [city for city in CITIES if city[1] == self.plan.city[1]]
        return [_place(random, near if at % 3 else CITIES) for at in range(64)]


def _place(random: Random, cities: "list[tuple[str, str, str]] | tuple[tuple[str, str, str], ...]") -> Place:
    city, code, prefix = random.choice(cities)
    address, postal = f"{random.randrange(1, 400)}, {random.choice(STREETS)}", f"{prefix}{random.randrange(1, 100):03}"
    return Place(code, STATES[code], address, city, postal, f"{address}\t{city}\t{STATES[code]}\t{postal}")


def older(bits: int, count: int) -> int:
    """A contact's number from the low 20 bits: small numbers, the oldest contacts, come more often."""
    part = bits & 0xFFFFF
    return (part * part * count) >> 40


def tenant(maker: Maker) -> str:
    """The tenant's own row."""
    p, dawn = maker.plan, maker.calendar.dawn
    slug = p.domain.removesuffix(".example").replace(".", "-")
    address = f"{p.number + 1}, {STREETS[p.number % len(STREETS)]}"
    return (
        f"{p.id}\t{p.name}\t{slug}\tactive\t{p.tier.value}\t{{{','.join(MODULES[p.tier])}}}"
        f"\t{p.trade.name}\t{p.gstin}\t{address}\t{p.city[0]}\t{p.state}\t{p.city[2]}001"
        f"\t+91555{p.number:07}\toffice@{p.domain}\tt\t{dawn}\t{dawn}\n"
    )


def users(maker: Maker) -> str:
    """The first is the owner, the second an administrator, one in ten of the others a manager."""
    p, dawn, names = maker.plan, maker.calendar.dawn, people()
    rows = []
    for n, user in enumerate(maker.user_ids):
        m = maker.mix(n)
        name, mail = names[(m >> 7) & 4095]
        role = ("owner", "admin")[n] if n < 2 else ("member", "manager")[n % 10 == 2]
        address = "owner" if p.number == 0 and n == 0 else f"{mail}.{n}"
        rows.append(
            f"{user}\t{address}@{p.domain}\t{name}\t{maker.password_hash}\t{role}"
            f"\t+91555{(m >> 3) % 10_000_000:07}\t{dawn}\t{dawn}\t{dawn}\t{p.id}\n"
        )
    return "".join(rows)
