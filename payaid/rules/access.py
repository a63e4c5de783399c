"""Who may do what: a role's verbs, within the modules that the tenant has licensed."""

from collections.abc import Iterable

READ, WRITE, DELETE = "read", "write", "delete"
ROLES = {
    "owner": (READ, WRITE, DELETE, "admin"),
    "admin": (READ, WRITE, DELETE, "admin"),
    "manager": (READ, WRITE, DELETE),
    "member": (READ, WRITE),
}
# Every tenant has this one: its own users, keys and dashboard.
ALWAYS = "platform"


def grants(role: str, permissions: Iterable[str], modules: Iterable[str]) -> frozenset[str]:
    """`module:verb` for all that is allowed. Extra permissions count only inside licensed modules."""
    licensed = {*modules, ALWAYS}
    verbs = ROLES.get(role, (READ,))
    by_role = {f"{module}:{verb}" for module in licensed for verb in verbs}
    extra = {one for one in permissions if one.partition(":")[0] in licensed}
    return frozenset(by_role | extra)
