"""How a partitioned table gets its index without blocking writers: parent alone, members one by one, attach. Pure.

CREATE INDEX CONCURRENTLY does not work on a parent. The parent's index is made with ONLY, and becomes valid by
itself when the last partition's is attached.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from payaidctl.indexes import steps
from payaidctl.indexes.actual import Catalogue, Index, Partition, Table
from payaidctl.indexes.declared import Declaration, on_partition, retired, temporary
from payaidctl.indexes.definition import Definition, differences
from payaidctl.indexes.steps import Step


@dataclass(frozen=True, slots=True)
class Tree:
    """What is wanted on a partitioned table, and what is there."""

    declared: Declaration
    wanted: Definition
    table: Table
    catalogue: Catalogue

    def same(self, index: Index) -> bool:
        """Whether the index means what is declared, valid or not."""
        return not differences(self.wanted, index.definition)


def plan(tree: Tree, own: Index | None, leftovers: Sequence[Index]) -> list[Step]:
    """The steps; one that differs is replaced by a tree built beside it."""
    name = tree.declared.name
    replaced = own if own is not None and not tree.same(own) else None
    begun = [index for index in leftovers if tree.same(index) and index.name == temporary(name)]
    planned = [steps.drop(index) for index in leftovers if index not in begun]
    parent = begun[0] if begun else own if replaced is None else None
    top = parent.name if parent else (temporary(name) if replaced else name)
    if parent is None:
        planned.append(steps.parent_only(tree.declared, top, tree.table))
    planned += _members(tree, parent, top)
    if replaced is not None:
        planned += [steps.swap(replaced, top, retired(name)), steps.drop_retired(replaced)]
    elif top != name:
        planned.append(steps.rename(tree.table.schema, top, name))
    return planned


def _members(tree: Tree, parent: Index | None, top: str) -> list[Step]:
    """Parents first, for a leaf's index needs one to be attached to; attached from the leaves up."""
    known = tree.catalogue.trees[tree.table.oid]
    held = {tree.table.oid: (steps.of(tree.table.schema, top), parent.oid if parent else 0)}
    made: list[Step] = []
    attached: list[Step] = []
    for member in known.members:
        if member.oid == tree.table.oid or member.parent is None:
            continue
        above, above_oid = held[member.parent]
        there = _there(tree, member, above_oid)
        label, needed = _member(tree, member, there)
        made += needed
        held[member.oid] = (label, there.oid if there else 0)
        if there is None or known.attached.get(there.oid) != above_oid:
            attached.insert(0, steps.attach(above, label))
    return made + attached


def _there(tree: Tree, member: Partition, above: int) -> Index | None:
    """The member's own index of that meaning: attached where it should be, or else still free."""
    attached = tree.catalogue.trees[tree.table.oid].attached
    found = [
        index
        for index in tree.catalogue.on(member.oid)
        if tree.same(index)
        and (index.usable or index.partitioned)
        and attached.get(index.oid) in {None, above}
        and not index.constraint
    ]
    return min(found, key=lambda index: attached.get(index.oid) != above, default=None)


def _member(tree: Tree, member: Partition, there: Index | None) -> tuple[str, list[Step]]:
    """The name of the member's index as SQL text, and the steps that make it where it is not there."""
    if there is not None:
        return steps.of(there.schema, there.name), []
    taken = {index.name: index for index in tree.catalogue.on(member.oid)}
    names = (tree.declared.name, temporary(tree.declared.name))
    # The old tree's partitions may hold the first name until the old tree is dropped.
    name = next(
        one for one in (on_partition(each, member.name) for each in names) if one not in taken or _dead(taken[one])
    )
    made = steps.build if member.leaf else steps.parent_only
    cleared = [steps.drop(taken[name])] if name in taken else []
    return steps.of(member.schema, name), [*cleared, made(tree.declared, name, member)]


def _dead(index: Index) -> bool:
    return not (index.usable or index.attached or index.partitioned)
