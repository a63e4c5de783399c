"""A summary: figures over several tables, answered by one statement. The dashboard is one."""

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "in", "not in", "is null", "is not null", "past", "this month", "last month", "this year"]


@dataclass(frozen=True, slots=True)
class Condition:
    """`column operator values`; the operators of time are counted in IST, the year from April."""

    column: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a block: a count, or the sum of an expression over columns (`total - tax`)."""

    name: str
    where: tuple[Condition, ...] = ()
    sum_of: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    weighted_by_percent: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """The figures over one table. `personal` is the column that names a row's user, for `scope=me`."""

    name: str
    module: str
    table: str
    figures: tuple[Figure, ...]
    personal: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """An answer at `/api/v1/{module}/{name}`, aliased at `/api/v1/{name}`."""

    module: str
    name: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def path(self) -> str:
        """The canonical path below the version."""
        return f"{self.module}/{self.name}"
