"""A resource: one table of the tenant's, as the API shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from payaid.catalogue import bulk
from payaid.catalogue.action import Action
from payaid.catalogue.field import CREATED, ID, UPDATED, Field, Kind
from payaid.catalogue.leaving import Leaving


class Facts(NamedTuple):
    """What a derivation may know beside its input: the clock, the tenant, and the row as it stands (PATCH)."""

    now: datetime
    tenant_state: str | None
    tenant_gstin: str | None
    current: dict[str, Any] | None


# (validated input, facts) -> the columns that follow from them. Pure: a rule, not an effect.
Derive = Callable[[dict[str, Any], Facts], dict[str, Any]]


class DeclarationError(Exception):
    """A declaration contradicts itself; the message starts with the path of the mistake."""


@dataclass(frozen=True, slots=True)
class Relation:
    """`{resource}/{id}/{name}`: the rows of another resource whose `column` names this row."""

    name: str
    resource: str
    column: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Child rows that are written with their parent and shown with its detail."""

    field: str
    table: str
    parent: str
    fields: tuple[Field, ...]


class Series(Protocol):
    """How a count becomes a number (rules/numbering.py)."""

    @property
    def name(self) -> str:
        """The counter's name."""

    def number(self, count: int, moment: date | datetime) -> str:
        """The count-th number of the moment's financial year."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """A gapless number per tenant and financial year, taken in the row's own transaction.

    `unnumbered`: while `status` is one of these the row has no number yet (a draft is no invoice).
    `lasting`: a row that has its number stays; without it the series would have a gap.
    """

    column: str
    series: Series
    unnumbered: tuple[str, ...] = ()
    lasting: bool = False


@dataclass(frozen=True)
class Resource:
    """A collection at `/api/v1/{module}/{name}`; with `alias`, at `/api/v1/{name}` too.

    `id`, `createdAt` and `updatedAt` are added to `fields`. `search` names the definer function that turns `q=`
    into ids. `derive` computes columns that follow from the input. `tagged`: rows of load runs carry their tag.
    `actions` are its verbs.
    """

    module: str
    name: str
    title: str
    table: str
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...] = ()
    search: str = ""
    alias: bool = False
    lines: Lines | None = None
    numbering: Numbering | None = None
    derive: Derive | None = None
    tagged: bool = True
    actions: tuple[Action, ...] = ()
    leaving: Leaving | None = None

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        where = f"{self.module}/{self.name}"
        seen: set[str] = set()
        for index, one in enumerate(self.fields):
            path = f"{where}.fields[{index}] ({one.name})"
            if one.name in seen or one.name in {"id", "createdAt", "updatedAt", "tenantId"}:
                raise DeclarationError(f"{path}: declared twice, or added by itself")
            if (one.kind is Kind.CHOICE) != bool(one.choices):
                raise DeclarationError(f"{path}: a choice needs choices, and only a choice has them")
            if (one.kind is Kind.REFERENCE) != bool(one.refers_to):
                raise DeclarationError(f"{path}: a reference needs refers_to, and only a reference has it")
            if one.facet and not one.filter:
                raise DeclarationError(f"{path}: a facet that nothing filters by")
            seen.add(one.name)
        if self.numbering and self.numbering.column not in seen:
            raise DeclarationError(f"{where}.numbering: no field {self.numbering.column}")
        self._check_actions(where)

    def _check_actions(self, where: str) -> None:
        taken = {one.name for one in self.relations}
        for index, one in enumerate(self.actions):
            path = f"{where}.actions[{index}] ({one.name})"
            if one.name in taken:
                raise DeclarationError(f"{path}: declared twice, or the name of a relation")
            if one.alone:
                raise DeclarationError(f"{path}: a verb of a resource does not stand alone")
            for column in one.reads:
                if not one.on_item or column not in {field.name for field in self.fields if field.refers_to}:
                    raise DeclarationError(f"{path}.reads: {column} is not a reference of the row")
            taken.add(one.name)

    @cached_property
    def columns(self) -> dict[str, Field]:
        """Every field by name, in the order in which the API shows them."""
        return {one.name: one for one in (ID, *self.fields, CREATED, UPDATED)}

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """The columns that a list shows unless `fields=` says otherwise."""
        return tuple(name for name, one in self.columns.items() if one.listed)

    @cached_property
    def facets(self) -> tuple[str, ...]:
        """The columns whose old and new values change notices carry."""
        return tuple(name for name, one in self.columns.items() if one.facet)

    @cached_property
    def verbs(self) -> dict[tuple[bool, str], Action]:
        """Every verb by (on an item, name): those that all resources have, and its own."""
        shared = (bulk.export(self.path, tuple(self.columns)), bulk.load(self.path))
        return {(one.on_item, one.name): one for one in (*shared, *self.actions)}

    @property
    def path(self) -> str:
        """The collection's canonical path below the version."""
        return f"{self.module}/{self.name}"
