"""Which tenants there will be, and how large: few big ones, most small, and larger ones on larger plans.

Pure, and a function of the parameters alone.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from payaid.rules.gstin import STATES, make
from payaid.rules.tiers import BUDGETS, Tier
from payaidctl.seed import DEMO_TENANT
from payaidctl.seed.words.people import NAMES
from payaidctl.seed.words.places import CITIES
from payaidctl.seed.words.trades import FIRM_WORDS, TRADES, Trade

# The largest tenth is on the largest plan, and so on down.
SHARES = ((Tier.ENTERPRISE, 0.10), (Tier.PRO, 0.20), (Tier.BASIC, 0.30), (Tier.FREE, 0.40))
MODULES = {
    Tier.FREE: ("crm",),
    Tier.BASIC: ("crm", "finance"),
    Tier.PRO: ("crm", "finance", "marketing", "analytics"),
    Tier.ENTERPRISE: ("crm", "finance", "hr", "marketing", "analytics"),
}
# Zipf's exponent and offset: of 400 tenants the largest has about twenty times the mean.
STEEPNESS, OFFSET = 0.9, 1.5
# A user of the load test asks six times a minute; a plan is used to 70 % at most.
REQUESTS_PER_MINUTE, USE = 6, 0.7
PER_CONTACT = {"deals": 0.5, "tasks": 0.8, "orders": 0.4, "invoices": 0.5}
WEIGHTED_CITIES = tuple(city for at, city in enumerate(CITIES) for _ in range(max(1, 12 - at)))


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was asked for. `contacts` is the mean of a tenant; `as_of` is today; the data ends the day before."""

    tenants: int
    contacts: int
    seed: int
    as_of: date


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """One tenant to be: who it is, and how many rows of each kind it has."""

    id: str
    number: int
    name: str
    domain: str
    trade: Trade
    tier: Tier
    state: str
    city: tuple[str, str, str]
    gstin: str
    users: int
    contacts: int
    products: int
    deals: int
    tasks: int
    orders: int
    invoices: int

    @property
    def rows(self) -> int:
        """Roughly how many rows it has, over all tables; an order has two lines or so."""
        counted = self.users + self.contacts + self.products + self.deals + self.tasks + self.invoices
        return 1 + counted + 3 * self.orders


def users_of(tier: Tier) -> int:
    """As many users as the plan's minute and hour carry at 70 %, and one at least."""
    budget = BUDGETS[tier]
    per_minute = min(budget.minute, budget.hour / 60)
    return max(1, int(USE * per_minute / REQUESTS_PER_MINUTE))


def plan(parameters: Parameters) -> list[TenantPlan]:
    """Every tenant; the demonstration tenant is the first, and of mean size."""
    random = Random(f"{parameters.seed}:tenants")
    others = parameters.tenants - 1
    weights = [1 / (rank + OFFSET) ** STEEPNESS for rank in range(others)]
    scale = parameters.contacts * others / sum(weights) if others else 0
    ranks = list(range(others))
    random.shuffle(ranks)
    made = [_tenant(parameters, random, 0, Tier.ENTERPRISE, parameters.contacts)]
    for number, rank in enumerate(ranks, start=1):
        contacts = max(3, round(weights[rank] * scale))
        made.append(_tenant(parameters, random, number, _tier((rank + 0.5) / others), contacts))
    return made


def _tier(quantile: float) -> Tier:
    bound = 0.0
    for tier, share in SHARES:
        bound += share
        if quantile < bound:
            return tier
    return Tier.FREE


def _tenant(parameters: Parameters, random: Random, number: int, tier: Tier, contacts: int) -> TenantPlan:
    trade = random.choice(TRADES)
    city = random.choice(WEIGHTED_CITIES)
    family = random.choice(NAMES[random.choice(list(NAMES))][1].split())
    firm = random.choice((random.choice(FIRM_WORDS), family))
    pan = f"{''.join(random.choices('ABCDEFGHJKLMNPQRSTUVWXYZ', k=3))}C{firm[0].upper()}{random.randrange(10_000):04}A"
    slug = firm.lower().replace(" ", "")
    demo = number == 0
    return TenantPlan(
        id=DEMO_TENANT if demo else f"t{parameters.seed}-{number:04}",
        number=number,
        name="PayAid Demo Traders" if demo else f"{firm} {trade.suffix}",
        domain="demo.payaid.example" if demo else f"{slug}-{parameters.seed}-{number}.example",
        trade=trade,
        tier=tier,
        state=STATES[city[1]],
        city=city,
        gstin=make(city[1], pan),
        users=users_of(tier),
        contacts=contacts,
        products=min(200, max(20, contacts // 10)),
        **{kind: round(contacts * share) for kind, share in PER_CONTACT.items()},
    )
