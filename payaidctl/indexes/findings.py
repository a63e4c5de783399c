"""A judgement, said as a finding: what was seen against what was declared, and what to do."""

from typing import Any

from payaidctl.finding import Finding
from payaidctl.indexes.actual import Index
from payaidctl.indexes.difference import SERVING, Judgement, State

FINE = frozenset({State.OK, State.EQUIVALENT})


def finding(judged: Judgement) -> Finding:
    """The finding of one index."""
    observed = str(judged.state)
    if judged.detail:
        observed += f": {judged.detail}"
    if judged.caution:
        observed += f" ({judged.caution})"
    return Finding(
        id=f"{judged.declared.index_set}.{judged.declared.name}",
        status=judged.status,
        title=f'"{judged.declared.table}" {judged.declared.definition}',
        observed=observed,
        expected=f"a valid index: {judged.wanted}" if judged.wanted else judged.declared.statement,
        evidence=evidence(judged),
        advice=judged.advice,
    )


def evidence(judged: Judgement) -> dict[str, Any]:
    """What machines may want to know of an index."""
    found: dict[str, Any] = {
        "index": judged.declared.name,
        "set": judged.declared.index_set,
        "table": judged.declared.table,
        "state": str(judged.state),
        "declared": judged.declared.statement,
        "serves": judged.declared.serves,
    }
    if judged.index is not None:
        found |= facts(judged.index) | {"servedBy": judged.index.name if judged.state in SERVING else None}
    if judged.twins:
        found["alsoThereAs"] = [index.name for index in judged.twins]
    return found


def facts(index: Index) -> dict[str, Any]:
    """Validity, size and use of one index."""
    return {"valid": index.usable, "sizeBytes": index.size, "scans": index.scans}
