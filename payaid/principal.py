"""Who calls: a user of one tenant, with what they may do. Made from a verified token and the database's word."""

from dataclasses import dataclass, field

from payaid.rules.access import grants
from payaid.rules.tiers import Tier


@dataclass(frozen=True, slots=True)
class Principal:
    """A user of one tenant. `tenant_id` comes from a signed token and from nowhere else.

    `grants`: what the role and the permissions allow in the licensed modules: `crm:read`, `finance:write` ...
    """

    tenant_id: str
    user_id: str
    email: str
    role: str
    permissions: tuple[str, ...]
    modules: tuple[str, ...]
    tier: Tier
    session: str = ""
    grants: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Worked out once: every request asks."""
        object.__setattr__(self, "grants", grants(self.role, self.permissions, self.modules))
