"""The query of a list, validated: every mistake is named at once, and equal requests become equal values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from payaid.catalogue import Field, Kind, Resource
from payaid.errors import BadRequest, Invalid, PayaidError
from payaid.rest.cursor import Cursors

DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET = 50, 200, 10_000
# Of rows with their lines, each of which may have hundreds of kilobytes.
MAX_HEAVY = 20
MAX_ALTERNATIVES = 50
RESERVED = {"limit", "cursor", "page", "sort", "fields", "q"}
OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Filter:
    """`column operator value`; operator is `=`, `any`, `null`, or a comparison."""

    column: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list was asked for. `order` ends in `id`, so it is total; `after` continues behind those values."""

    columns: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    order: tuple[tuple[str, bool], ...] = (("createdAt", True), ("id", True))
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    search: str = ""
    after: tuple[Any, ...] | None = None

    @property
    def binding(self) -> str:
        """What a cursor is bound to: everything that decides the order and the membership of the list."""
        return repr((self.filters, self.order, self.search))


@dataclass(slots=True)
class _Mistakes:
    found: list[dict[str, str]] = field(default_factory=list)
    where: str = "query:"
    error: type[PayaidError] = BadRequest

    def add(self, name: str, what: str) -> None:
        self.found.append({"pointer": f"{self.where}{name}", "detail": what})

    def raise_any(self) -> None:
        if self.found:
            first = self.found[0]
            raise self.error(f"{first['pointer']} {first['detail']}", errors=self.found)


def parse_list(resource: Resource, query: str, path: str, cursors: Cursors) -> ListQuery:
    """Read a list's query string.

    Raises:
        BadRequest: with one entry in `errors` for every mistake.
    """
    wrong = _Mistakes()
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in given:
            wrong.add(name, "is given twice")
        given[name] = value
    filters = tuple(sorted(_filters(resource, given, wrong), key=lambda one: (one.column, one.operator)))
    order = _order(resource, given.get("sort", "-createdAt"), wrong)
    columns = _columns(resource, given.get("fields"), order, wrong)
    heavy = any(resource.columns[name].kind is Kind.LINES for name in columns)
    most = MAX_HEAVY if heavy else MAX_LIMIT
    limit = _whole(given, "limit", min(DEFAULT_LIMIT, most), 1, most, wrong)
    page = _whole(given, "page", 1, 1, MAX_OFFSET, wrong)
    offset = (page - 1) * limit
    if offset > MAX_OFFSET:
        wrong.add("page", f"reaches past row {MAX_OFFSET}: use `cursor`, which costs the same at any depth")
    if "page" in given and "cursor" in given:
        wrong.add("page", "excludes cursor: use one of them")
    search = _search(resource, given, wrong)
    wrong.raise_any()
    asked = ListQuery(columns, filters, order, limit, offset, search)
    if cursor := given.get("cursor"):
        after = cursors.open(cursor, f"{path} {asked.binding}", len(order))
        return ListQuery(columns, filters, order, limit, 0, search, after)
    return asked


def parse_filters(resource: Resource, given: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters of an export, which are those of a list.

    Raises:
        Invalid: with one entry in `errors` for every mistake.
    """
    wrong = _Mistakes(where="/filters/", error=Invalid)
    for name in sorted(RESERVED & given.keys()):
        wrong.add(name, "is no filter")
    found = _filters(resource, given, wrong)
    wrong.raise_any()
    return tuple(found)


def _filters(resource: Resource, given: Mapping[str, str], wrong: _Mistakes) -> list[Filter]:
    found = []
    for name, text in given.items():
        if name in RESERVED:
            continue
        column, _, suffix = name.partition(".")
        declared = resource.columns.get(column)
        if declared is None or not declared.filter:
            allowed = sorted(one.name for one in resource.columns.values() if one.filter)
            wrong.add(name, f"is not a filter of {resource.name}; these are: {', '.join(allowed)}")
        elif one := _filter(declared, suffix, name, text, wrong):
            found.append(one)
    return found


def _filter(declared: Field, suffix: str, name: str, text: str, wrong: _Mistakes) -> Filter | None:
    try:
        if suffix == "null" and text in {"true", "false"}:
            return Filter(declared.name, "null", text == "true")
        if suffix in OPERATORS and declared.comparable:
            return Filter(declared.name, OPERATORS[suffix], value_of(declared, text))
        if suffix:
            wrong.add(name, f"`.{suffix}` does not apply to {declared.name}")
            return None
        parts = sorted(set(text.split(",")))
        if len(parts) > MAX_ALTERNATIVES:
            wrong.add(name, f"has more than {MAX_ALTERNATIVES} alternatives")
            return None
        values = tuple(value_of(declared, part) for part in parts)
        return Filter(declared.name, "any", values) if len(values) > 1 else Filter(declared.name, "=", values[0])
    except ValueError as error:
        wrong.add(name, str(error))
        return None


def value_of(declared: Field, text: str) -> Any:
    """The text of a query as a value of the field.

    Raises:
        ValueError: saying what would have been right.
    """
    if "\0" in text:
        raise ValueError("contains a NUL character")
    match declared.kind:
        case Kind.CHOICE:
            if text not in declared.choices:
                raise ValueError(f"must be one of {', '.join(declared.choices)}")
        case Kind.INTEGER:
            if not re.fullmatch(r"-?\d{1,9}", text):
                raise ValueError("must be a whole number")
            return int(text)
        case Kind.MONEY | Kind.NUMBER:
            return _number(text)
        case Kind.BOOLEAN:
            if text not in {"true", "false"}:
                raise ValueError("must be true or false")
            return text == "true"
        case Kind.INSTANT:
            return _instant(text)
        case Kind.DATE:
            return _day(text).isoformat()
        case _ if len(text) > declared.max_length:
            raise ValueError(f"is longer than {declared.max_length} characters")
    return text


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be a number") from None
    # A zero may have any exponent, and PostgreSQL refuses the large ones.
    if not number.is_finite() or number.copy_abs() >= Decimal(10) ** 15 or abs(int(number.as_tuple().exponent)) > 20:
        raise ValueError("must be a number below 10^15, with 20 decimals at most")
    return str(number)


def _instant(text: str) -> str:
    """A moment in UTC. A date stands for its first moment in India, as it does in a body."""
    try:
        moment = datetime.fromisoformat(text if "T" in text else f"{_day(text)}T00:00:00+05:30")
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise ValueError("must be a date or a time in ISO 8601, such as 2026-04-01T09:30:00+05:30") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date in ISO 8601, such as 2026-04-01") from None


def _order(resource: Resource, text: str, wrong: _Mistakes) -> tuple[tuple[str, bool], ...]:
    descending, name = text.startswith("-"), text.removeprefix("-")
    declared = resource.columns.get(name)
    if declared is None or not declared.sort:
        allowed = sorted(one.name for one in resource.columns.values() if one.sort)
        wrong.add("sort", f"must be one of {', '.join(allowed)}, with `-` in front for descending")
        return ()
    return ((name, descending), ("id", descending))


def _columns(
    resource: Resource, text: str | None, order: tuple[tuple[str, bool], ...], wrong: _Mistakes
) -> tuple[str, ...]:
    if text is None:
        return resource.listed
    asked = set(text.split(","))
    if unknown := sorted(asked - set(resource.columns)):
        wrong.add("fields", f"{', '.join(map(repr, unknown))}: not in {resource.name}")
    # The cursor is made from the sort key, so that and the id always come along.
    asked |= {name for name, _ in order} | {"id"}
    return tuple(name for name in resource.columns if name in asked)


def _whole(given: dict[str, str], name: str, default: int, low: int, high: int, wrong: _Mistakes) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        wrong.add(name, f"must be a whole number from {low} to {high}")
        return default
    return int(text)


def _search(resource: Resource, given: dict[str, str], wrong: _Mistakes) -> str:
    text = given.get("q")
    if text is None:
        return ""
    if not resource.search:
        wrong.add("q", f"{resource.name} cannot be searched")
    elif not text.strip() or len(text) > 200 or "\0" in text:
        wrong.add("q", "must be 1 to 200 characters")
    return " ".join(text.split())
