"""Reading a plan: which indexes it uses, under which condition, at what cost. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Use:
    """One index in a plan. Without a condition it is merely read from end to end, which serves nobody."""

    index: str
    node: str
    condition: str
    cost: float


@dataclass(frozen=True, slots=True)
class Explained:
    """A plan, as far as an index matters. Times and buffers only where it was run."""

    uses: tuple[Use, ...]
    cost: float
    scans: tuple[str, ...]
    time_ms: float | None = None
    buffers: int | None = None

    def by(self, names: Collection[str]) -> Use | None:
        """How one of these indexes carries the statement; None where none does."""
        return next((use for use in self.uses if use.index in names and use.condition), None)

    def rival(self, names: Collection[str], siblings: Collection[str]) -> Use | None:
        """The sibling on the same table that is used instead."""
        return next((use for use in self.uses if use.index in siblings and use.index not in names), None)


def read(explained: list[dict[str, Any]]) -> Explained:
    """The answer of EXPLAIN (FORMAT JSON)."""
    top = explained[0]
    nodes = list(_walk(top["Plan"]))
    uses = [_use(node, above) for node, above in nodes if "Index Name" in node]
    hit, got = top["Plan"].get("Shared Hit Blocks"), top["Plan"].get("Shared Read Blocks")
    return Explained(
        uses=tuple(uses),
        cost=top["Plan"]["Total Cost"],
        scans=tuple(node["Relation Name"] for node, _ in nodes if node["Node Type"].endswith("Seq Scan")),
        time_ms=top.get("Execution Time"),
        buffers=None if hit is None else hit + got,
    )


def _use(node: Node, above: Node | None) -> Use:
    """A bitmap's work is told by the heap scan above it."""
    kind = node["Node Type"]
    if kind == "Bitmap Index Scan" and above is not None:
        kind = above["Node Type"]
    return Use(node["Index Name"], kind, node.get("Index Cond", ""), node["Total Cost"])


def _walk(node: Node, above: Node | None = None) -> Iterator[tuple[Node, Node | None]]:
    yield node, above
    for child in node.get("Plans", ()):
        yield from _walk(child, node)
