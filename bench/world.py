"""What is measured against: a stack of its own, with enterprise tenants whose pages have the goals' size."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from payaid import tokens
from payaid.settings import Settings
from payaidctl.indexes import create
from payaidctl.schema import migrate
from payaidctl.seed.plan import Parameters
from payaidctl.seed.run import seed
from payaidctl.stack import Stack

TENANTS, ROWS = 2500, 60
MODULES = ("crm", "finance")
FILL = """
INSERT INTO "Tenant" (id, name, "subscriptionTier", "licensedModules", state)
SELECT 'bench-' || i, 'Bench ' || i, 'enterprise', '{crm,finance}', 'Karnataka' FROM generate_series(1, %(tenants)s) i;
INSERT INTO "User" (id, email, name, role, "tenantId")
SELECT 'user-' || i, 'user' || i || '@bench.example', 'Bench', 'owner', 'bench-' || i
FROM generate_series(1, %(tenants)s) i;
INSERT INTO "Contact" (id, "tenantId", name, email, phone, company, city, state, "createdAt")
SELECT 'c-' || i || '-' || n, 'bench-' || i, 'Priya Sharma ' || n, 'priya' || n || '@shop' || i || '.example',
       '+919812345678', 'Sharma Traders', 'Pune', 'Maharashtra', timestamptz '2026-01-01' + n * interval '1 hour'
FROM generate_series(1, %(tenants)s) i, generate_series(1, %(rows)s) n;
"""
LARGEST = """
SELECT u."tenantId", u.id, u.email FROM "User" u
WHERE u.role = 'owner' AND u."tenantId" NOT LIKE 'bench-%'
ORDER BY (SELECT count(*) FROM "Contact" c WHERE c."tenantId" = u."tenantId") DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class World:
    """A running stack, and a token for each of its tenants."""

    folder: Path
    env: dict[str, str]
    tokens: list[str]
    token_file: Path


@contextmanager
def world() -> Iterator[World]:
    """Start, migrate, fill and index; remove everything afterwards."""
    with TemporaryDirectory(prefix="payaid-bench-") as name:
        folder = Path(name)
        stack = Stack.at(folder / "stack")
        try:
            stack.up(groups=["data"])
            env = stack.env()
            _fill(env["DATABASE_DIRECT_URL"])
            minted = [_token(Settings.read(env), number) for number in range(1, TENANTS + 1)]
            listed = folder / "tokens"
            listed.write_text("\n".join(minted), encoding="utf-8")
            yield World(folder, env, minted, listed)
        finally:
            stack.destroy()


def _fill(direct_url: str) -> None:
    asyncio.run(migrate(direct_url))
    with psycopg.connect(direct_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(FILL, {"tenants": TENANTS, "rows": ROWS})
    for declared in ("roadmap", "service"):
        asyncio.run(create(direct_url, index_set=declared))
    with psycopg.connect(direct_url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _token(settings: Settings, number: int) -> str:
    return _minted(settings, f"bench-{number}", f"user-{number}", f"user{number}@bench.example")


def _minted(settings: Settings, tenant: str, user: str, email: str) -> str:
    return tokens.mint(
        settings.jwt_secret.get_secret_value(),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        tenant_id=tenant,
        user_id=user,
        email=email,
        roles=["owner"],
        modules=MODULES,
        tier="enterprise",
        ttl_s=86_400,
    )


def sampled(place: World) -> str:
    """Sample data beside the rest, as people's pages have it; the token of the owner of its largest tenant."""
    url = place.env["DATABASE_DIRECT_URL"]
    asyncio.run(seed(url, Parameters(tenants=3, contacts=400, seed=1, as_of=date(2026, 4, 1))))
    with psycopg.connect(url) as connection:
        found = connection.execute(LARGEST).fetchone()
    if found is None:
        raise SystemExit("the sample data have no owner")
    return _minted(Settings.read(place.env), *found)
