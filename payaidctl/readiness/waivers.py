"""Waivers: a person answers for a failed check, for a reason, until a day. Expired ones count as failures again.

waivers:
  - {check: pooler.transaction_mode, reason: PgBouncer comes with the move in May, owner: ravi, until: 2026-05-31}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from payaidctl.finding import Finding, Status
from payaidctl.marked import Marked, read
from payaidctl.readiness.check import wrong

FILE = Path("payaid-waivers.yaml")
KEYS = ("check", "reason", "owner", "until")
WAIVABLE = (Status.FAIL, Status.WARN, Status.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who answers for which check, why, and until when (that day included)."""

    check: str
    reason: str
    owner: str
    until: date


def load(path: Path, known: Sequence[str]) -> dict[str, Waiver]:
    """The waivers by check; none where there is no such file.

    Raises:
        UsageError: naming file:line: an unknown key or check, no reason, no owner, no day.
    """
    if not path.is_file():
        return {}
    raw = read(path)
    entries = raw.get("waivers")
    if not isinstance(entries, list) or not all(isinstance(entry, Marked) for entry in entries):
        wrong(raw, "waivers", "`waivers` is not a list", f"each entry states {', '.join(KEYS)}")
    return {waiver.check: waiver for waiver in (_waiver(entry, known) for entry in entries)}


def _waiver(entry: Marked, known: Sequence[str]) -> Waiver:
    for key in {*KEYS} ^ {*entry}:
        wrong(entry, key, f"a waiver states {', '.join(KEYS)}, and nothing else: `{key}`", "mend the entry")
    if entry["check"] not in known:
        wrong(entry, "check", f"no check `{entry['check']}`", "`payaidctl checks` lists them")
    if not isinstance(entry["until"], date):
        wrong(entry, "until", f"`{entry['until']}` is no day", "write 2026-05-31")
    for key in ("reason", "owner"):
        if not str(entry[key] or "").strip():
            wrong(entry, key, f"a waiver without {key}", f"say the {key}")
    return Waiver(entry["check"], str(entry["reason"]), str(entry["owner"]), entry["until"])


def apply(findings: Sequence[Finding], waivers: Mapping[str, Waiver], today: date) -> list[Finding]:
    """The findings with those waived that a person still answers for. Pure."""
    return [_apply(finding, waivers.get(finding.id), today) for finding in findings]


def _apply(finding: Finding, waiver: Waiver | None, today: date) -> Finding:
    if waiver is None or finding.status not in WAIVABLE:
        return finding
    if today > waiver.until:
        observed = f"{finding.observed} (the waiver of {waiver.owner} expired on {waiver.until})"
        return replace(finding, observed=observed)
    observed = f"{finding.observed} (waived until {waiver.until} by {waiver.owner}: {waiver.reason})"
    evidence = {
        **finding.evidence,
        "waived": finding.status.value,
        "owner": waiver.owner,
        "reason": waiver.reason,
        "until": str(waiver.until),
    }
    return replace(finding, status=Status.WAIVED, observed=observed, evidence=evidence)
