"""A judgement and its proof, said as a finding: what was seen against what was declared, and what to do."""

from collections.abc import Sequence
from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.indexes.judgement import SERVING, Judgement
from payaidctl.indexes.proof import Choice, Proof
from payaidctl.tell.table import size

USED = {True: "yes", False: "no", None: "–"}


def finding(judged: Judgement, proof: Proof | None = None) -> Finding:
    """The finding of one index. What was proven can only lower the status that the definition gave it."""
    status, advice = _decide(judged, proof)
    return Finding(
        id=f"{judged.declared.index_set}.{judged.declared.name}",
        status=status,
        title=f'"{judged.declared.table}" {judged.declared.definition}',
        observed=_observed(judged, proof),
        expected=_expected(judged, proof),
        evidence=evidence(judged, proof),
        advice=advice,
    )


def finding_of_replica(number: int, status: Status, observed: str, advice: str) -> Finding:
    """A replica that could not be looked at, or that is none."""
    expected = "a standby of this primary, on which plans can be explained"
    return Finding(f"replica.{number}", status, f"Replica {number}", observed, expected, advice=advice)


def _decide(judged: Judgement, proof: Proof | None) -> tuple[Status, str]:
    if proof is None or judged.status is Status.FAIL:
        return judged.status, judged.advice
    if proof.can_serve is None:
        return Status.INCONCLUSIVE, proof.remedy
    if not proof.can_serve:
        return Status.FAIL, "the statement and the declaration do not fit each other: change the one that is wrong"
    if rivals := sorted({choice.rival.index for choice in proof.choices if choice.rival}):
        advice = f"{', '.join(rivals)} serves the same statement better; this one may be dispensable"
        return Status.WARN, "; ".join(filter(None, [judged.advice, advice]))
    return judged.status, judged.advice


def _observed(judged: Judgement, proof: Proof | None) -> str:
    observed = str(judged.state)
    if judged.detail:
        observed += f": {judged.detail}"
    if judged.caution:
        observed += f" ({judged.caution})"
    if proof is None:
        return observed
    if proof.can_serve is None:
        return f"{observed}; not proven: {proof.how}"
    verdict = f"can serve ({proof.how})" if proof.can_serve else f"cannot serve: {proof.how}"
    return "; ".join([observed, verdict, *map(describe, proof.choices)])


def describe(choice: Choice) -> str:
    """What one server's planner does, with what it costs."""
    if choice.explained is None:
        return f"{choice.server}: {choice.reason}"
    measured = ""
    if choice.explained.time_ms is not None:
        measured = f", {choice.explained.time_ms:.2f} ms, {choice.explained.buffers} buffers"
    cost = f"cost {choice.explained.cost:.0f}{measured}"
    if choice.use is not None:
        return f"{choice.server}: {choice.use.node}, {cost}"
    if choice.rival is not None:
        return f"{choice.server} prefers {choice.rival.index} ({choice.rival.node}, {cost})"
    return f"{choice.server} prefers a sequential scan ({cost})"


def _expected(judged: Judgement, proof: Proof | None) -> str:
    meaning = f"valid, {judged.wanted}" if judged.wanted else judged.declared.statement
    return meaning if proof is None else f"{meaning}; able to serve {judged.declared.serves}"


def evidence(judged: Judgement, proof: Proof | None) -> dict[str, Any]:
    """What machines, and the table, want to know of an index."""
    found: dict[str, Any] = {
        "index": judged.declared.name,
        "set": judged.declared.index_set,
        "table": judged.declared.table,
        "state": str(judged.state),
        "declared": judged.declared.statement,
        "serves": judged.declared.serves,
        "valid": judged.index.usable if judged.index else None,
        "sizeBytes": judged.index.size if judged.index else None,
        "scans": judged.index.scans if judged.index else None,
        "servedBy": judged.index.name if judged.index and judged.state in SERVING else None,
        "alsoThereAs": [index.name for index in judged.twins],
    }
    if proof is not None:
        found["proof"] = {
            "canServe": proof.can_serve,
            "how": proof.how,
            "explained": proof.origin,
            "servers": [_server(choice) for choice in proof.choices],
        }
    return found


def _server(choice: Choice) -> dict[str, Any]:
    explained = choice.explained
    return {
        "server": choice.server,
        "used": None if explained is None else choice.use is not None,
        "node": choice.use.node if choice.use else None,
        "condition": choice.use.condition if choice.use else None,
        "insteadOfIt": choice.rival.index if choice.rival else None,
        "cost": explained.cost if explained else None,
        "timeMs": explained.time_ms if explained else None,
        "buffers": explained.buffers if explained else None,
        "reason": choice.reason or None,
    }


def table(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as a table that reads on 100 columns; `used` is the primary's choice, then each replica's."""
    servers = max((len(one.evidence.get("proof", {}).get("servers", ())) for one in findings), default=0)
    used_by = "/".join(["primary", *["replica"] * (servers - 1)]) if servers > 1 else "used"
    columns = ["index", "table", "state", "valid", used_by, "size", "scans"]
    rows = []
    for one in findings:
        seen = one.evidence
        if "index" in seen:
            chosen = seen.get("proof", {}).get("servers", ())
            used = "/".join(USED[server["used"]] for server in chosen) or None
            rows.append([str(one.status), seen["index"], seen["table"], seen["state"], seen["valid"], used,
                         size(seen["sizeBytes"]), seen["scans"]])  # fmt: skip
    return {"columns": columns, "rows": rows}
