"""Names: of what an answer depends on, and of where it is kept."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple


class Change(NamedTuple):
    """What a committed transaction touched in one table of one tenant.

    `ids` is None when there were too many to name; `facets` maps a column to its old and new values, and is None
    when those were too many.
    """

    tenant: str
    table: str
    ids: tuple[str, ...] | None
    facets: Mapping[str, Iterable[Any]] | None


def collection(tenant: str, table: str) -> str:
    """Every row of the table: what an unfiltered list and the statistics depend on."""
    return f"{tenant}/{table}"


def row(tenant: str, table: str, id_: str) -> str:
    """One row."""
    return f"{tenant}/{table}#{id_}"


def any_row(tenant: str, table: str) -> str:
    """Touched by a change that could not name its rows: every row depends on it, too."""
    return f"{tenant}/{table}#"


def facet(tenant: str, table: str, column: str, value: Any) -> str:
    """The rows with this value in a declared facet, before or after a change."""
    return f"{tenant}/{table}?{column}={'' if value is None else value}"


def any_facet(tenant: str, table: str) -> str:
    """Touched by a change that could not name its facets' values."""
    return f"{tenant}/{table}?"


def touched(change: Change) -> list[str]:
    """Everything whose answers the change may alter."""
    tenant, table = change.tenant, change.table
    names = [collection(tenant, table)]
    if change.ids is None:
        names.append(any_row(tenant, table))
    else:
        names += (row(tenant, table, id_) for id_ in change.ids)
    if change.facets is None:
        names.append(any_facet(tenant, table))
    else:
        names += (facet(tenant, table, column, value) for column, values in change.facets.items() for value in values)
    return names


def shared_key(epoch: str, tenant: str, request: str) -> str:
    """The name of an entry in L2. The tenant is part of the digest's input and readable for `cache purge`."""
    digest = blake2b(f"{tenant}\0{request}".encode(), digest_size=16).hexdigest()
    return f"pa:{epoch}:{tenant}:{digest}"
