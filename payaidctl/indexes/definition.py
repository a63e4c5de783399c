"""An index's meaning, as values: what two indexes must share to be the same one. Pure.

Names of indexes are no part of it. Operator classes and collations are compared by OID, columns by name (a copy of
a table numbers its columns anew), expressions and predicates as Postgres itself writes them out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

COLUMN = re.compile(r'"(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$]*')


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an index. `text` is a column's quoted name, or an expression."""

    text: str
    opclass: int
    collation: int
    descending: bool = False
    nulls_first: bool = False
    options: str = ""
    opclass_name: str = field(default="", compare=False)
    collation_name: str = field(default="", compare=False)

    @property
    def is_expression(self) -> bool:
        """Whether it is computed, and not a bare column."""
        return COLUMN.fullmatch(self.text) is None

    @property
    def order(self) -> str:
        """How the key is ordered, with the nulls where that is not the direction's own default."""
        direction = "DESC" if self.descending else "ASC"
        if self.nulls_first == self.descending:
            return direction
        return f"{direction} NULLS {'FIRST' if self.nulls_first else 'LAST'}"


@dataclass(frozen=True, slots=True)
class Definition:
    """What an index is. `include` is a set: the order of carried columns changes nothing."""

    method: str
    keys: tuple[Key, ...]
    include: frozenset[str] = frozenset()
    unique: bool = False
    nulls_not_distinct: bool = False
    predicate: str = ""

    def __str__(self) -> str:
        keys = ", ".join(f"{key.text} {key.order}" if key.order != "ASC" else key.text for key in self.keys)
        parts = ["unique " if self.unique else "", self.method, f" ({keys})"]
        if self.include:
            parts.append(f" include ({', '.join(sorted(self.include))})")
        if self.nulls_not_distinct:
            parts.append(" nulls not distinct")
        if self.predicate:
            parts.append(f" where {self.predicate}")
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Postgres will not have a declared index on this table: the SQLSTATE and its own words."""

    code: str
    message: str


def differences(declared: Definition, actual: Definition) -> list[str]:
    """How `actual` differs from `declared`, a phrase each, what it *is* first; empty when they are the same."""
    return [*_as_a_whole(declared, actual), *_keys(declared, actual), *_rest(declared, actual)]


def _as_a_whole(declared: Definition, actual: Definition) -> Iterator[str]:
    if actual.method != declared.method:
        yield f"is {actual.method}, declared {declared.method}"
    if actual.unique != declared.unique:
        yield f"{_is(actual.unique)} unique, declared {_not(declared.unique)}unique"
    if actual.nulls_not_distinct != declared.nulls_not_distinct:
        yield f"{_nulls(actual)}, declared {_nulls(declared)}"


def _keys(declared: Definition, actual: Definition) -> Iterator[str]:
    if [key.text for key in actual.keys] != [key.text for key in declared.keys]:
        yield f"keys are ({_texts(actual)}), declared ({_texts(declared)})"
        return
    for position, (wanted, found) in enumerate(zip(declared.keys, actual.keys, strict=True), start=1):
        where = f"key {position} ({found.text})"
        if found.order != wanted.order:
            yield f"{where} is {found.order}, declared {wanted.order}"
        if found.opclass != wanted.opclass:
            yield f"{where} has operator class {found.opclass_name}, declared {wanted.opclass_name}"
        if found.collation != wanted.collation:
            yield f"{where} has collation {found.collation_name}, declared {wanted.collation_name}"
        if found.options != wanted.options:
            yield f"{where} has options {found.options or 'none'}, declared {wanted.options or 'none'}"


def _rest(declared: Definition, actual: Definition) -> Iterator[str]:
    if missing := sorted(declared.include - actual.include):
        yield f"does not include {', '.join(missing)}"
    if extra := sorted(actual.include - declared.include):
        yield f"includes {', '.join(extra)}, not declared"
    if actual.predicate != declared.predicate:
        found = f"holds only rows where {actual.predicate}" if actual.predicate else "holds all rows"
        wanted = f"only those where {declared.predicate}" if declared.predicate else "all"
        yield f"{found}, declared {wanted}"


def _texts(definition: Definition) -> str:
    return ", ".join(key.text for key in definition.keys)


def _is(truth: bool) -> str:
    return "is" if truth else "is not"


def _not(truth: bool) -> str:
    return "" if truth else "not "


def _nulls(definition: Definition) -> str:
    return f"nulls are {'not ' if definition.nulls_not_distinct else ''}distinct"
