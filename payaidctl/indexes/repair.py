"""What to run so that a declared index exists: statements, planned before any of them runs. Pure.

Readers always have the old index until the new one is valid: what differs is built anew under a temporary name and
swapped. What an interrupted run left behind is recognised by its name, and finished or dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from payaidctl.indexes import partitions, steps
from payaidctl.indexes.actual import Catalogue, Index, Table
from payaidctl.indexes.declared import kept, retired, temporary
from payaidctl.indexes.definition import Definition, differences
from payaidctl.indexes.judgement import SERVING, Judgement, State
from payaidctl.indexes.steps import Kind, Step

HOPELESS = frozenset({State.TABLE_ABSENT, State.COLUMN_ABSENT, State.REFUSED, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for one declared index; none when it is fine. `refusal` says why nothing can be done."""

    judged: Judgement
    steps: tuple[Step, ...] = ()
    refusal: str = ""
    advice: str = ""
    kept: str = ""

    @property
    def name(self) -> str:
        """The declared index's name."""
        return self.judged.declared.name


def plan(judged: Judgement, catalogue: Catalogue) -> Plan:
    """The steps that bring one index from its state to ok; an empty plan changes nothing."""
    table, wanted = judged.table, judged.wanted
    if judged.state in HOPELESS or table is None or wanted is None:
        return Plan(judged, refusal=judged.detail, advice=judged.advice)
    if judged.state in SERVING:
        planned, kept = [steps.drop(index) for index in _rubbish(judged)], ""
    elif table.partitioned:
        tree = partitions.Tree(judged.declared, wanted, table, catalogue)
        planned, kept = partitions.plan(tree, judged.own, judged.leftovers), ""
    else:
        planned, kept = _plain(judged, wanted, table)
    if any(key.is_expression for key in wanted.keys) and any(step.kind is Kind.BUILD for step in planned):
        planned.append(steps.analyze(table))
    if planned or judged.state not in SERVING:
        for reason, advice in (_unfit(judged), _rights(table), _foreign(table, catalogue)):
            if reason:
                return Plan(judged, refusal=reason, advice=advice)
    return Plan(judged, tuple(planned), kept=kept)


def _unfit(judged: Judgement) -> tuple[str, str]:
    """Why this index, as it stands, must be left alone."""
    if judged.build is not None:
        return f"a build runs on its table: {judged.build}", "run again when it has ended"
    if judged.state is not State.DIFFERENT:
        return "", ""
    if judged.own is None:
        return judged.detail, judged.advice
    if bound := _bound(judged.own):
        return f"the index of that name {bound}, and must stay", "rename it, then run this again"
    return "", ""


def _bound(own: Index) -> str:
    if own.constraint:
        return f"belongs to constraint {own.constraint}"
    if own.replica_identity:
        return "is the table's replica identity"
    if own.attached:
        return "is part of its parent's index"
    return ""


def _rights(table: Table) -> tuple[str, str]:
    if not table.ours:
        return f"this role does not own {table.name}", f"connect as {table.owner}, or as a member of it"
    if not table.may_create:
        return f"this role may not create in schema {table.schema}", f"GRANT CREATE ON SCHEMA {table.schema} to it"
    return "", ""


def _foreign(table: Table, catalogue: Catalogue) -> tuple[str, str]:
    tree = catalogue.trees.get(table.oid)
    foreign = [member.name for member in tree.members if member.kind == "f"] if tree else []
    if foreign:
        return f"partition {foreign[0]} is a foreign table, so the parent's is never complete", "index it at its home"
    return "", ""


def _rubbish(judged: Judgement) -> list[Index]:
    """What an index that serves does not need: leftovers of ours, and a dead one of the declared name."""
    own = judged.own
    dead = [own] if own is not None and not own.usable and not own.partitioned else []
    return [*dead, *judged.leftovers]


def _plain(judged: Judgement, wanted: Definition, table: Table) -> tuple[list[Step], str]:
    """An ordinary table's index: built, or built beside and swapped; and what was kept of the old one."""
    name, own = judged.declared.name, judged.own
    done = next((index for index in judged.leftovers if _finished(index, name, wanted)), None)
    cleared = [steps.drop(index) for index in judged.leftovers if index is not done]
    if own is None or not own.usable:
        dead = [steps.drop(own)] if own is not None else []
        last = steps.build(judged.declared, name, table) if done is None else steps.rename(done.schema, done.name, name)
        return [*dead, *cleared, last], ""
    built = [steps.build(judged.declared, temporary(name), table)] if done is None else []
    built = [*cleared, *built]
    if own.definition.unique and not wanted.unique:
        away = kept(name)
        told = f"the old one enforces uniqueness and was kept as {away}: drop it if that is not meant"
        return [*built, steps.swap(own, temporary(name), away)], told
    return [*built, steps.swap(own, temporary(name), retired(name)), steps.drop_retired(own)], ""


def _finished(index: Index, name: str, wanted: Definition) -> bool:
    """Whether an interrupted run had completed it under its temporary name."""
    return index.name == temporary(name) and index.usable and not differences(wanted, index.definition)


def script(plans: Sequence[Plan], lock_timeout_ms: int) -> str:
    """All of it as SQL that a person could run by hand, psql's way."""
    lines: list[str] = []
    for one in plans:
        if one.refusal:
            lines.append(f"-- {one.name}: cannot be mended: {one.refusal}")
        for step in one.steps:
            if step.kind is Kind.SHORT:
                inside = "".join(f" {statement};" for statement in step.statements)
                lines.append(f"BEGIN; SET LOCAL lock_timeout = '{lock_timeout_ms}ms';{inside} COMMIT;")
            else:
                lines += [f"{statement};" for statement in step.statements]
    return "\n".join(lines)
