"""JSON for programs: the top level that docs/reference names, and nothing else on stdout."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any

from payaidctl.finding import Finding, Report


def render(report: Report) -> str:
    """The report as one JSON object, indented, with a final newline."""
    return json.dumps(as_dict(report), indent=2, ensure_ascii=False, default=plain) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report under the names of the JSON contract."""
    return {
        "command": report.command,
        "target": report.target,
        "verdict": report.verdict.value,
        "startedAt": utc(report.started_at),
        "durationMs": report.duration_ms,
        "findings": [finding_dict(finding) for finding in report.findings],
    }


def finding_dict(finding: Finding) -> dict[str, Any]:
    """One finding under the names of the JSON contract."""
    return {
        "id": finding.id,
        "status": finding.status.value,
        "title": finding.title,
        "observed": finding.observed,
        "expected": finding.expected,
        "evidence": dict(finding.evidence),
        "advice": finding.advice,
    }


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """What json.dumps does not know, as something that it does."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    for kind, turn in FORMS:
        if isinstance(value, kind):
            return turn(value)
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


# In order: a datetime is a date too.
FORMS: tuple[tuple[type | UnionType, Callable[[Any], Any]], ...] = (
    (Mapping, dict),
    (datetime, utc),
    (date | Path | Decimal, str),
    (Enum, lambda member: member.value),
    (bytes, lambda raw: raw.decode("utf-8", "replace")),
    (set | frozenset, lambda members: sorted(members, key=str)),
)
