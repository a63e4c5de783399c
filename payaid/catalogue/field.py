"""One column of a resource: its kind, its rules, and what a list may do with it."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value is; decides its rule on the way in, its SQL type, and its JSON schema."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    CHOICE = "choice"
    GSTIN = "gstin"
    REFERENCE = "reference"
    MONEY = "money"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"
    TAGS = "tags"
    LINES = "lines"
    # Of verbs' bodies only: names of columns, and the filters of a list.
    COLUMNS = "columns"
    FILTERS = "filters"


SQL_TYPES = {
    Kind.MONEY: "numeric",
    Kind.NUMBER: "numeric",
    Kind.INTEGER: "int4",
    Kind.BOOLEAN: "boolean",
    Kind.INSTANT: "timestamptz",
    Kind.DATE: "date",
    Kind.TAGS: "text[]",
    Kind.LINES: "jsonb",
}
COMPARABLE = {Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.INSTANT, Kind.DATE}


@dataclass(frozen=True, slots=True)
class Field:
    """A column.

    `required`: a POST must give it. `writable=False`: the service or the database sets it.
    `filter`, `sort`: a list may be asked to. `facet`: change notices carry its old and new values, so a list
    filtered by it depends on that value alone. `listed=False`: only the detail shows it.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    writable: bool = True
    nullable: bool = True
    filter: bool = False
    sort: bool = False
    facet: bool = False
    listed: bool = True
    choices: tuple[str, ...] = ()
    max_length: int = 500
    minimum: float | None = None
    maximum: float | None = None
    refers_to: str = ""
    about: str = ""

    @property
    def sql_type(self) -> str:
        """The type that a parameter compared with this column is cast to."""
        return SQL_TYPES.get(self.kind, "text")

    @property
    def comparable(self) -> bool:
        """May a filter ask for a range of it?"""
        return self.kind in COMPARABLE


ID = Field("id", writable=False, nullable=False)
CREATED = Field("createdAt", Kind.INSTANT, writable=False, nullable=False, filter=True, sort=True)
UPDATED = Field("updatedAt", Kind.INSTANT, writable=False, nullable=False, sort=True)
