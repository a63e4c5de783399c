"""Rows of a table as input of the API: the first row names the fields, an empty cell gives nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from payaid.catalogue import Kind, Resource
from payaid.errors import Invalid
from payaid.rest.body import model, validated
from payaid.rest.export import unguarded

Row = dict[str, Any]
# The first columns of an error file: mended, it may come back as it is.
COMPLAINT = ("row", "column", "error")
# No id of ours is longer, as in the path of a row.
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Given:
    """One good row: its number in the table (the header is 1), the id of the row that it changes, and its values."""

    number: int
    id: str | None
    values: Row


@dataclass(frozen=True, slots=True)
class Refused:
    """One bad row, with each column that is wrong and why."""

    number: int
    mistakes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What the columns of a table are. `fields[i]` is the name of column i's field, or empty: ignored."""

    names: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def ignored(self) -> list[str]:
        """Columns that the service sets by itself."""
        return [name for name, field in zip(self.names, self.fields, strict=True) if not field]


def header(resource: Resource, names: Sequence[str]) -> Header:
    """Read the first row.

    Raises:
        ValueError: a name means nothing, or two mean the same.
    """
    own = tuple(name.strip() for name in names)
    known = {name.lower(): name for name in resource.columns}
    writable = {name for name, one in resource.columns.items() if one.writable} | {"id"}
    if resource.lines:
        known[resource.lines.field.lower()] = resource.lines.field
        writable.add(resource.lines.field)
    complaints = own[: len(COMPLAINT)] == COMPLAINT
    ignored = COMPLAINT if complaints else ()
    unknown = [name for name in own if name.lower() not in known and name not in ignored]
    if unknown:
        raise ValueError(f"{', '.join(map(repr, unknown[:10]))}: no field of {resource.name}")
    fields = [known.get(name.lower(), "") for name in own]
    doubled = sorted(name for name, times in Counter(fields).items() if name and times > 1)
    if doubled:
        raise ValueError(f"{', '.join(doubled)}: there is more than one column of this name")
    return Header(own, tuple(name if name in writable else "" for name in fields))


def read(resource: Resource, head: Header, number: int, cells: Sequence[str]) -> Given | Refused:
    """One row, validated as the body of a POST is, or of a PATCH where it names an id."""
    if len(cells) > len(head.fields):
        return Refused(number, (("", f"has {len(cells)} cells, and the first row has {len(head.fields)}"),))
    values: Row = {}
    wrong: list[tuple[str, str]] = []
    # Cells that are missing at the end are empty ones.
    for name, cell in zip(head.fields, cells, strict=False):
        if name and cell.strip():
            try:
                values[name] = _value(resource, name, unguarded(cell))
            except ValueError as error:
                wrong.append((name, str(error)))
    id_ = values.pop("id", None)
    if id_ and (len(id_) > LONGEST_ID or "\0" in id_):
        wrong.append(("id", f"is no id: those have {LONGEST_ID} characters at most, and no NUL"))
    try:
        values = validated(model(resource, "update" if id_ else "create"), values)
    except Invalid as error:
        wrong += [(one["pointer"].lstrip("/"), one["detail"]) for one in error.errors]
    if id_ and not values and not wrong:
        wrong.append(("id", "the row changes nothing"))
    return Refused(number, tuple(wrong)) if wrong else Given(number, id_, values)


def _value(resource: Resource, name: str, cell: str) -> Any:
    one = resource.columns.get(name)
    if one is None or one.kind is Kind.LINES:
        try:
            return orjson.loads(cell)
        except orjson.JSONDecodeError:
            raise ValueError("is not JSON") from None
    if one.kind is Kind.TAGS:
        return [tag for part in cell.split(";") if (tag := part.strip())]
    return cell if one.kind is Kind.TEXT else cell.strip()
