"""Who calls: a user of one tenant, with what they may do. Made from a verified token and the database's word."""

from dataclasses import dataclass
from functools import cached_property

from payaid.rules.access import grants
from payaid.rules.tiers import Tier


@dataclass(frozen=True)
class Principal:
    """A user of one tenant. `tenant_id` comes from a signed token and from nowhere else."""

    tenant_id: str
    user_id: str
    email: str
    role: str
    permissions: tuple[str, ...]
    modules: tuple[str, ...]
    tier: Tier
    session: str = ""

    @cached_property
    def grants(self) -> frozenset[str]:
        """What the role and the permissions allow in the licensed modules: `crm:read`, `finance:write` ..."""
        return grants(self.role, self.permissions, self.modules)
