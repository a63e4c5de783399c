"""Proof in rungs: *can* an index serve its statement (that decides), and *does* the planner choose it (reported).

Can: it carries a condition of the statement in the plan as it is, or with sequential scans switched off, or, where
a sibling wins, on an empty copy that has no other index. Nothing is ever dropped, not even in a transaction that is
rolled back: that would lock the table against everybody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection

from payaidctl.indexes import isolation, plans
from payaidctl.indexes.actual import Catalogue, Index, Table
from payaidctl.indexes.definition import Definition
from payaidctl.indexes.judgement import Judgement
from payaidctl.indexes.plans import Explained, Use
from payaidctl.indexes.questions import Question, Unanswerable, question
from payaidctl.indexes.session import bounded

NO_SCANS = {"enable_seqscan": "off"}
ALONE = "alone on an empty copy"
NOT_EVEN_ALONE = "not even alone on an empty copy, with sequential scans off"
CANNOT_COPY = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.FeatureNotSupported,
)


@dataclass(frozen=True, slots=True)
class Eyes:
    """One server to explain on. `service` is the service's own role where we have it; `definer` bypasses RLS."""

    label: str
    service: AsyncConnection[Any]
    definer: AsyncConnection[Any] | None

    def of(self, asked: Question) -> AsyncConnection[Any] | None:
        """The connection whose role runs such a statement."""
        return self.definer if asked.definer else self.service


@dataclass(frozen=True, slots=True)
class Choice:
    """What the planner of one server does with the statement. `rival` is a sibling that it uses instead."""

    server: str
    use: Use | None = None
    rival: Use | None = None
    explained: Explained | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether one index can serve (None: not known, with the reason), how that was shown, and what is chosen."""

    can_serve: bool | None
    how: str = ""
    origin: str = ""
    remedy: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """An index to prove, by all the names it has in plans, with its siblings on the same table."""

    judged: Judgement
    table: Table
    index: Index
    meaning: Definition
    names: frozenset[str]
    siblings: frozenset[str]


def case(judged: Judgement, catalogue: Catalogue) -> Case | None:
    """What to prove of a judged index; None where there is no index that serves."""
    if judged.table is None or judged.index is None or judged.wanted is None:
        return None
    tree = catalogue.trees.get(judged.table.oid)
    members = {member.oid for member in tree.members} if tree else {judged.table.oid}
    attached = tree.attached if tree else {}
    there = [index for index in catalogue.indexes if index.table_oid in members]
    ours = {index.name for index in there if _root(attached, index.oid) == judged.index.oid}
    return Case(judged, judged.table, judged.index, judged.wanted, frozenset(ours),
                frozenset(index.name for index in there) - ours)  # fmt: skip


async def prove(
    data: AsyncConnection[Any], primary: Eyes, replicas: Sequence[Eyes], one: Case, *, analyze: bool = False
) -> Proof:
    """Prove one index on the primary, and look at what each server chooses. `data` reads the parameters' values."""
    async with bounded(data):
        asked = await question(data, one.judged.declared, one.table, one.table.schema)
    if isinstance(asked, Unanswerable):
        return Proof(None, asked.reason, remedy=asked.remedy)
    try:
        able, how = await _can_serve(primary, one, asked)
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error)
        return Proof(None, f"{asked.origin} cannot be explained: {reason}", asked.origin, "use the service's role")
    choices = [await _choice(eyes, one, asked, analyze=analyze) for eyes in (primary, *replicas)]
    return Proof(able, how, asked.origin, choices=tuple(choices))


async def _can_serve(eyes: Eyes, one: Case, asked: Question) -> tuple[bool | None, str]:
    connection = eyes.of(asked)
    if connection is None:
        return None, "the owner is needed to explain what it runs"
    if (await explain(connection, asked)).by(one.names):
        return True, "chosen"
    forced = await explain(connection, asked, NO_SCANS)
    if forced.by(one.names):
        return True, "with sequential scans off"
    try:
        alone = await _alone(connection, one, asked)
    except CANNOT_COPY:
        return await _by_the_owner(eyes.definer, one, asked, forced)
    return (True, ALONE) if alone else (False, NOT_EVEN_ALONE)


async def _by_the_owner(
    owner: AsyncConnection[Any] | None, one: Case, asked: Question, forced: Explained
) -> tuple[bool | None, str]:
    """For a role that may not make temporary tables: on the owner's copy, which row-level security does not reach.

    What cannot serve there cannot serve under the walls either. What can, can under them if its operators are
    leakproof: others may not look at rows before the policy has.
    """
    if owner is not None:
        try:
            if not await _alone(owner, one, asked):
                return False, NOT_EVEN_ALONE
            if await isolation.leakproof(owner, [key.opclass for key in one.meaning.keys]):
                return True, f"{ALONE}, by leakproof operators"
        except CANNOT_COPY:
            pass  # then the plan that there is must do
    return argued(one.meaning, forced.rival(one.names, one.siblings))


def argued(meaning: Definition, rival: Use | None) -> tuple[bool | None, str]:
    """Without a copy: a sibling that serves a condition on our leading key shows that ours could. Pure.

    Only for whole B-trees: of a partial index the predicate would have to follow too.
    """
    key = meaning.keys[0].text
    names = (key, key.strip('"'))
    whole = meaning.method == "btree" and not meaning.predicate
    if whole and rival is not None and any(f"{mark}{name} " in rival.condition for mark in "(." for name in names):
        return True, f"as {rival.index} does, with the same leading key"
    return None, "a sibling wins, and this role may not make the temporary table that would show more"


async def _alone(connection: AsyncConnection[Any], one: Case, asked: Question) -> bool:
    async with bounded(connection):
        name = await isolation.shadow(connection, one.judged.declared, one.table)
        return (await _explain(connection, asked, NO_SCANS)).by({name}) is not None


async def _choice(eyes: Eyes, one: Case, asked: Question, *, analyze: bool) -> Choice:
    connection = eyes.of(asked)
    if connection is None:
        return Choice(eyes.label, reason="not explained: the owner cannot log in there")
    try:
        found = await explain(connection, asked, analyze=analyze)
    except psycopg.Error as error:
        return Choice(eyes.label, reason=f"not explained: {error.diag.message_primary or error}")
    use = found.by(one.names)
    rival = None if use else found.rival(one.names, one.siblings)
    return Choice(eyes.label, use, rival, found)


async def explain(
    connection: AsyncConnection[Any],
    asked: Question,
    settings: Mapping[str, str] | None = None,
    *,
    analyze: bool = False,
) -> Explained:
    """The plan of the statement, in a transaction of its own that is rolled back."""
    async with bounded(connection):
        return await _explain(connection, asked, settings or {}, analyze=analyze)


async def _explain(
    connection: AsyncConnection[Any], asked: Question, settings: Mapping[str, str], *, analyze: bool = False
) -> Explained:
    for name, value in settings.items():
        await connection.execute("SELECT set_config(%s, %s, true)", [name, value])
    options = "ANALYZE, BUFFERS, FORMAT JSON" if analyze else "FORMAT JSON"
    cursor = await connection.execute(f"EXPLAIN ({options}) {asked.sql}".encode(), asked.params)
    row = await cursor.fetchone()
    if row is None:
        raise psycopg.DataError("EXPLAIN answered nothing")
    return plans.read(json.loads(row[0]) if isinstance(row[0], str) else row[0])


def _root(attached: Mapping[int, int], index: int) -> int:
    while index in attached:
        index = attached[index]
    return index
