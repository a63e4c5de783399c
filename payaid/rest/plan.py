"""What a read will look at: the tenant, the columns, the filters, and what the answer depends on."""

from dataclasses import dataclass, replace

from payaid.cache import keys
from payaid.cache.policy import CacheClass
from payaid.catalogue import Resource, Summary
from payaid.errors import BadRequest
from payaid.principal import Principal
from payaid.rest.cursor import Cursors
from payaid.rest.request import ListQuery, parse_list
from payaid.rest.routes import PREFIX, Target


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A page of a collection, or of the rows of it that name one parent row."""

    tenant: str
    resource: Resource
    query: ListQuery
    parent: Resource | None = None
    parent_column: str = ""
    parent_id: str = ""

    @property
    def path(self) -> str:
        """The canonical path, the same for an alias."""
        if self.parent:
            return f"{PREFIX}{self.parent.path}/{self.parent_id}/{self.resource.name}"
        return f"{PREFIX}{self.resource.path}"

    @property
    def cache_class(self) -> CacheClass:
        """Search answers live shorter than lists."""
        return CacheClass.SEARCH if self.query.search else CacheClass.LIST

    @property
    def key(self) -> str:
        """The request, normalised: equal for equal questions, whatever their spelling."""
        query = self.query
        asked = f"{query.binding}{query.columns}{query.limit},{query.offset},{query.after}"
        return f"{self.path}?{self.parent_column}{asked}"

    def depends(self) -> tuple[str, ...]:
        """One facet's values where the list is filtered by a facet, or else the whole collection."""
        tenant, table = self.tenant, self.resource.table
        if self.parent:
            alive = (keys.row(tenant, self.parent.table, self.parent_id), keys.any_row(tenant, self.parent.table))
            rows = keys.facet(tenant, table, self.parent_column, self.parent_id)
            return (*alive, rows, keys.any_facet(tenant, table))
        for one in self.query.filters:
            if one.operator in {"=", "any"} and self.resource.columns[one.column].facet and not self.query.search:
                values = one.value if one.operator == "any" else (one.value,)
                named = (keys.facet(tenant, table, one.column, value) for value in values)
                return (*named, keys.any_facet(tenant, table))
        return (keys.collection(tenant, table),)


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """One row, with its lines."""

    tenant: str
    resource: Resource
    id: str
    cache_class: CacheClass = CacheClass.DETAIL

    @property
    def key(self) -> str:
        """The canonical path."""
        return f"{PREFIX}{self.resource.path}/{self.id}"

    def depends(self) -> tuple[str, ...]:
        """The row, and its lines' parent column where it has lines."""
        tenant, table = self.tenant, self.resource.table
        own = (keys.row(tenant, table, self.id), keys.any_row(tenant, table))
        if lines := self.resource.lines:
            below = keys.facet(tenant, lines.table, lines.parent, self.id)
            return (*own, below, keys.any_facet(tenant, lines.table))
        return own


@dataclass(frozen=True, slots=True)
class SummaryPlan:
    """The figures of a summary, of the blocks whose modules the caller may read; `user` narrows to one's own."""

    tenant: str
    summary: Summary
    blocks: tuple[str, ...]
    user: str = ""
    cache_class: CacheClass = CacheClass.STATS

    @property
    def key(self) -> str:
        """Distinct for each set of blocks and, where personal, each user."""
        return f"{PREFIX}{self.summary.path}?{','.join(self.blocks)}&{self.user}"

    def parts(self) -> tuple["SummaryPlan", ...]:
        """A plan a block, so that a change to one table leaves the figures of the others as they are."""
        return tuple(replace(self, blocks=(block,)) for block in self.blocks)

    def depends(self) -> tuple[str, ...]:
        """The whole of each table that is counted."""
        used = {block.table for block in self.summary.blocks if block.name in self.blocks}
        return tuple(keys.collection(self.tenant, table) for table in sorted(used))


Plan = ListPlan | ItemPlan | SummaryPlan


def plan(target: Target, query: str, principal: Principal, cursors: Cursors) -> Plan:
    """Turn a resolved GET into a plan.

    Raises:
        BadRequest: the query is not one of this target's.
    """
    tenant = principal.tenant_id
    if target.summary:
        return _summary(target.summary, query, principal)
    resource = target.resource
    if resource is None:
        raise LookupError(f"{target.template} reads nothing that can be planned")
    match target.operation:
        case "item":
            _nothing_asked(query)
            return ItemPlan(tenant, resource, target.id)
        case "list" if target.relation and target.parent:
            frame = ListPlan(tenant, resource, ListQuery(()), target.parent, target.relation.column, target.id)
            asked = parse_list(resource, query, frame.path, cursors)
            return ListPlan(tenant, resource, asked, target.parent, target.relation.column, target.id)
        case "list":
            return ListPlan(tenant, resource, parse_list(resource, query, f"{PREFIX}{resource.path}", cursors))
        case other:
            raise LookupError(f"{other} is not a read")


def _summary(summary: Summary, query: str, principal: Principal) -> SummaryPlan:
    if query not in {"", "scope=tenant", "scope=me"}:
        raise _unknown(query, "this endpoint takes `scope=tenant` or `scope=me`")
    user = principal.user_id if query == "scope=me" else ""
    readable = [block for block in summary.blocks if f"{block.module}:read" in principal.grants]
    names = tuple(block.name for block in readable if block.personal or not user)
    return SummaryPlan(principal.tenant_id, summary, names, user)


def _nothing_asked(query: str) -> None:
    if query:
        raise _unknown(query, "this endpoint takes no query")


def _unknown(query: str, why: str) -> BadRequest:
    name = query.partition("=")[0]
    return BadRequest(f"query:{name}: {why}", errors=[{"pointer": f"query:{name}", "detail": why}])
