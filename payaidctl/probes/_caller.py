"""A caller of the API: a real user of a sample tenant, with a token of our own minting."""

from dataclasses import dataclass
from typing import Any

from payaid.tokens import mint
from payaidctl.errors import Unreachable
from payaidctl.probes import NotNamed, _postgres
from payaidctl.target import Target

# The tenant with the most contacts shows the most; a spare one (the limiter's) has the fewest, and a small tier.
PEOPLE = """
SELECT u.id AS user_id, u.email, u.role, t.id AS tenant_id, t."subscriptionTier" AS tier,
       t."licensedModules" AS modules
FROM "User" u JOIN "Tenant" t ON t.id = u."tenantId"
WHERE t.status = 'active' AND u.role IN ('owner', 'admin')
  AND (%(tier)s::text IS NULL OR t."subscriptionTier" = %(tier)s)
ORDER BY (SELECT count(*) FROM (SELECT FROM "Contact" c WHERE c."tenantId" = t.id LIMIT 20000) n)
         * CASE WHEN %(spare)s THEN 1 ELSE -1 END, t.id, u.role DESC, u.id
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and with which token."""

    tenant_id: str
    user_id: str
    email: str
    tier: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request of this caller carries."""
        return {"authorization": f"Bearer {self.token}"}


async def caller(target: Target, timeout_s: float, *, tier: str | None = None, spare: bool = False) -> Caller:
    """Find a user and mint a token.

    Raises:
        NotNamed: the target names no database or no JWT_SECRET, so we can speak for nobody.
        Unreachable: no tenant fits.
    """
    secret = target.get("JWT_SECRET")
    if not secret or not target.get("DATABASE_DIRECT_URL"):
        raise NotNamed(f"JWT_SECRET and DATABASE_DIRECT_URL are not both set in {target.origin}")
    rows = await _postgres.query(target.direct_url, PEOPLE, timeout_s, {"tier": tier, "spare": spare})
    if not rows:
        raise Unreachable(f"no active tenant{f' of tier {tier}' if tier else ''} has an owner", "`payaidctl seed`")
    return _with_token(target, secret, rows[0])


def _with_token(target: Target, secret: str, row: dict[str, Any]) -> Caller:
    token = mint(
        secret,
        issuer=target.get("JWT_ISSUER") or "payaid",
        audience=target.get("JWT_AUDIENCE") or "payaid-api",
        tenant_id=row["tenant_id"],
        user_id=row["user_id"],
        email=row["email"],
        roles=[row["role"]],
        modules=row["modules"] or [],
        tier=row["tier"],
    )
    return Caller(row["tenant_id"], row["user_id"], row["email"], row["tier"], token)
