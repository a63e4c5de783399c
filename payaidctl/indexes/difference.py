"""Declared against actual: one judgement an index. Pure: facts in, a state out.

What decides is definition and validity; a name decides nothing, except whose place a rebuilt index takes.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from payaidctl.indexes.actual import Catalogue, Index, Table
from payaidctl.indexes.declared import Declaration, retired, temporary
from payaidctl.indexes.definition import Definition, Refusal, differences
from payaidctl.indexes.judgement import Judgement, State
from payaidctl.indexes.progress import Build

UNDEFINED_COLUMN = "42703"
UNDEFINED_OBJECT = frozenset({"42704", "42883", "3F000"})
# Not the declaration's fault: somebody holds a lock, or we may not read the table.
COULD_NOT_LOOK = frozenset({"55P03", "57014", "42501"})


def judge(declared: Declaration, meaning: Definition | Refusal | None, catalogue: Catalogue) -> Judgement:
    """The state of one declared index."""
    table = catalogue.tables.get(declared.table)
    if table is None or not table.indexable:
        return _without_table(declared, table, catalogue)
    if meaning is None or isinstance(meaning, Refusal):
        return _refused(declared, table, meaning)
    indexes = catalogue.on(table.oid)
    ours = {temporary(declared.name), retired(declared.name)}
    own = next((index for index in indexes if index.name == declared.name), None)
    twins = [index for index in indexes if _serves(index, meaning) and index.name not in {declared.name, *ours}]
    begun = Judgement(
        declared,
        State.MISSING,
        table=table,
        wanted=meaning,
        own=own,
        index=own,
        twins=tuple(twins),
        leftovers=tuple(index for index in indexes if index.name in ours),
        build=_build(catalogue, table, own),
    )
    if own is not None and _serves(own, meaning):
        return _own_serves(begun, own)
    if twins:
        return _twin_serves(begun, twins, meaning)
    if own is None:
        return _missing(begun, catalogue, meaning)
    return _own_fails(begun, own, meaning, catalogue)


def _serves(index: Index, meaning: Definition) -> bool:
    return index.usable and not differences(meaning, index.definition)


def _own_serves(begun: Judgement, own: Index) -> Judgement:
    state = State.REDUNDANT if begun.twins else State.OK
    if not begun.twins:
        return replace(begun, state=state, index=own)
    names = ", ".join(index.name for index in begun.twins)
    advice = f"the same index exists {len(begun.twins) + 1} times; keep one: each costs every write"
    return replace(begun, state=state, index=own, detail=f"also there as {names}", advice=advice)


def _twin_serves(begun: Judgement, twins: Sequence[Index], meaning: Definition) -> Judgement:
    """Under another name it counts; what has the declared name is worth a word."""
    serving, *others = twins
    caution = ""
    if begun.own is not None:
        found = differences(meaning, begun.own.definition)
        caution = f"{begun.own.name} itself {'; '.join(found) if found else death(begun.own)}"
    if others:
        caution = "; ".join(filter(None, [caution, f"also there as {', '.join(one.name for one in others)}"]))
    detail = f"as {serving.name}"
    return replace(begun, state=State.EQUIVALENT, index=serving, twins=tuple(others), detail=detail, caution=caution)


def _missing(begun: Judgement, catalogue: Catalogue, meaning: Definition) -> Judgement:
    name = begun.declared.name
    if begun.build is not None:
        return replace(begun, detail=f"but a build runs on its table: {begun.build}", index=None)
    if taken := catalogue.taken.get(name):
        return replace(
            begun,
            state=State.DIFFERENT,
            detail=f"the name belongs to {taken}",
            advice=f"rename that, then run `payaidctl create-indexes --only {name}`",
        )
    if (near := nearest(meaning, catalogue.on(begun.table.oid if begun.table else 0))) is not None:
        index, found = near
        return replace(begun, detail=f"nearest is {index.name}, which {'; '.join(found)}", advice=fix(name))
    return replace(begun, detail=_on_partitions(begun, catalogue, meaning), advice=fix(name))


def _own_fails(begun: Judgement, own: Index, meaning: Definition, catalogue: Catalogue) -> Judgement:
    name = begun.declared.name
    found = differences(meaning, own.definition)
    if begun.build is not None and not own.usable:
        return replace(
            begun,
            state=State.BUILDING,
            detail=str(begun.build),
            advice="wait until it has ended, then look again",
        )
    if found:
        dead = "" if own.usable else f"; {death(own)}"
        return replace(begun, state=State.DIFFERENT, detail="; ".join(found) + dead, advice=fix(name))
    detail = death(own)
    if own.partitioned:
        detail = _unattached(begun, own, catalogue)
    return replace(begun, state=State.INVALID, detail=detail, advice=fix(name))


def death(index: Index) -> str:
    """In which phase the build of an invalid index died, as its three flags tell."""
    if not index.live:
        return "died while being dropped"
    if not index.ready:
        return "died in the first phase, while it was built"
    return "died in the second phase, while it was validated or waited for old snapshots; writes still maintain it"


def fix(name: str) -> str:
    """The command that mends one index."""
    return f"payaidctl create-indexes --only {name}"


def nearest(meaning: Definition, indexes: Sequence[Index]) -> tuple[Index, list[str]] | None:
    """The usable index with the same method and keys that differs least; None where nothing comes near."""
    keys = [key.text for key in meaning.keys]
    near = [
        (index, differences(meaning, index.definition))
        for index in indexes
        if index.usable
        and index.definition.method == meaning.method
        and [key.text for key in index.definition.keys] == keys
    ]
    return min(((index, found) for index, found in near if found), key=lambda pair: len(pair[1]), default=None)


def _build(catalogue: Catalogue, table: Table, own: Index | None) -> Build | None:
    """The build that concerns this index: named as such, or hidden from this role but on the same table."""
    for build in catalogue.builds:
        if own is not None and build.index_oid == own.oid:
            return build
        if build.table_oid != table.oid:
            continue
        if own is None and build.index_oid not in {index.oid for index in catalogue.indexes}:
            return build  # a plain CREATE INDEX: its index is not visible before it commits
        if own is not None and build.index_oid is None:
            return build
    return None


def _on_partitions(begun: Judgement, catalogue: Catalogue, meaning: Definition) -> str:
    """How many partitions have the index that their parent lacks."""
    tree = catalogue.trees.get(begun.table.oid) if begun.table else None
    if tree is None:
        return ""
    leaves = [member for member in tree.members if member.leaf]
    have = [leaf for leaf in leaves if any(_serves(index, meaning) for index in catalogue.on(leaf.oid))]
    return f"{len(have)} of {len(leaves)} partitions have it, the parent does not"


def _unattached(begun: Judgement, own: Index, catalogue: Catalogue) -> str:
    tree = catalogue.trees.get(own.table_oid)
    if tree is None:
        return death(own)
    attached = set(tree.attached)
    without = [
        member.name
        for member in tree.members
        if member.oid != own.table_oid
        and not any(index.oid in attached and index.valid for index in catalogue.on(member.oid)
                    if tree.attached.get(index.oid) is not None and _root(tree.attached, index.oid) == own.oid)
    ]  # fmt: skip
    shown = ", ".join(without[:5]) + (f" and {len(without) - 5} more" if len(without) > 5 else "")
    return f"no valid index is attached for {shown}" if without else death(own)


def _root(attached: dict[int, int], index: int) -> int:
    while index in attached:
        index = attached[index]
    return index


def _without_table(declared: Declaration, table: Table | None, catalogue: Catalogue) -> Judgement:
    kinds = {"v": "a view", "f": "a foreign table"}
    if table is not None:
        detail = f"{declared.table} is {kinds.get(table.kind, 'no table')}, which has no indexes of its own"
        advice = "name the schema that holds the table itself with --schema"
    elif other := catalogue.misspelt.get(declared.table):
        detail = f'there is no table "{declared.table}", but one called "{other}"'
        advice = "names are exact in Postgres: the application's schema was made with another spelling"
    else:
        detail = f'there is no table "{declared.table}"'
        where = catalogue.elsewhere.get(declared.table)
        advice = f"it is at {where}: name that schema with --schema" if where else "is this the right database?"
    return Judgement(declared, State.TABLE_ABSENT, detail=detail, advice=advice)


def _refused(declared: Declaration, table: Table, refusal: Refusal | None) -> Judgement:
    begun = Judgement(declared, State.REFUSED, table=table)
    if refusal is None:
        return replace(begun, state=State.UNKNOWN, detail="its meaning could not be read")
    if refusal.code in COULD_NOT_LOOK:
        return replace(begun, state=State.UNKNOWN, detail=refusal.message, advice=f"read rights on {table.name}")
    if refusal.code == UNDEFINED_COLUMN:
        return replace(begun, state=State.COLUMN_ABSENT, detail=refusal.message, advice=_spelling(refusal, table))
    advice = "the declaration does not fit this table's columns"
    if refusal.code in UNDEFINED_OBJECT:
        advice = "an extension or function that it needs is missing: CREATE EXTENSION, or `payaidctl migrate`"
    return replace(begun, detail=refusal.message, advice=advice)


def _spelling(refusal: Refusal, table: Table) -> str:
    """The column that was probably meant: names differ in case more often than in anything else."""
    quoted = re.search(r'column "?([^"]+?)"? does not exist', refusal.message)
    name = quoted[1].rpartition(".")[2] if quoted else ""
    similar = [column for column in table.columns if column.lower().replace("_", "") == name.lower().replace("_", "")]
    return f"the table has {similar[0]!r}" if similar else f"the table has: {', '.join(table.columns)}"
