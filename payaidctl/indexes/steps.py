"""The statements that repairs are made of. Pure: a step says what to run, and how it may lock."""

from dataclasses import dataclass
from enum import StrEnum

from payaidctl.indexes.actual import Index, Partition, Table
from payaidctl.indexes.declared import Declaration, quote, render, retired


class Kind(StrEnum):
    """How a step may lock. SHORT ones block writers, so they must be brief; the others wait, and block nobody."""

    BUILD = "build"
    DROP = "drop"
    ANALYZE = "analyze"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to run: a concurrent statement by itself, or short ones together in a transaction."""

    kind: Kind
    statements: tuple[str, ...]
    makes: str = ""


def build(declared: Declaration, name: str, table: Table | Partition) -> Step:
    """Build while writers go on writing."""
    statement = render(declared, name=name, table=of(table.schema, table.name), concurrently=True)
    return Step(Kind.BUILD, (statement,), makes=name)


def parent_only(declared: Declaration, name: str, table: Table | Partition) -> Step:
    """A partitioned table's index without its partitions': not valid until each has one attached."""
    statement = render(declared, name=name, table=f"ONLY {of(table.schema, table.name)}")
    return Step(Kind.SHORT, (statement,), makes=name)


def attach(parent: str, child: str) -> Step:
    """Make a partition's index part of its parent's; both are SQL text."""
    return Step(Kind.SHORT, (f"ALTER INDEX {parent} ATTACH PARTITION {child}",))


def drop(index: Index) -> Step:
    """Drop it; a partitioned table's index cannot be dropped concurrently."""
    return _dropped(index.schema, index.name, partitioned=index.partitioned)


def drop_retired(index: Index) -> Step:
    """Drop it after a swap has given it its other name."""
    return _dropped(index.schema, retired(index.name), partitioned=index.partitioned)


def swap(own: Index, built: str, away: str) -> Step:
    """Give the built one the name, and call the one that had it `away`, at once."""
    name = own.name
    return Step(Kind.SHORT, (_renamed(own.schema, name, away), _renamed(own.schema, built, name)), makes=name)


def rename(schema: str, name: str, to: str) -> Step:
    """Give it its name."""
    return Step(Kind.SHORT, (_renamed(schema, name, to),), makes=to)


def analyze(table: Table) -> Step:
    """Look at the values: of an expression the planner knows nothing before its index is there and analysed."""
    return Step(Kind.ANALYZE, (f"ANALYZE {of(table.schema, table.name)}",))


def of(schema: str, name: str) -> str:
    """A qualified name as SQL text."""
    return f"{quote(schema)}.{quote(name)}"


def _dropped(schema: str, name: str, *, partitioned: bool) -> Step:
    if partitioned:
        return Step(Kind.SHORT, (f"DROP INDEX {of(schema, name)}",))
    return Step(Kind.DROP, (f"DROP INDEX CONCURRENTLY {of(schema, name)}",))


def _renamed(schema: str, name: str, to: str) -> str:
    return f"ALTER INDEX {of(schema, name)} RENAME TO {quote(to)}"
