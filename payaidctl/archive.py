"""The evidence on file: told, and taken over from elsewhere."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from payaidctl import evidence
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.target import Target


def listing(target: Target) -> Report:
    """One finding a file, newest first."""
    watch = Stopwatch("evidence list", str(target))
    system = evidence.system_of(target)
    files = sorted(evidence.folder().glob("*.json"), reverse=True)
    return watch.report([_line(evidence.load(path), system) for path in files] or [_nothing()])


def _line(found: evidence.Evidence, system: str) -> Finding:
    here = found.system == system
    observed = f"{found.verdict} on {found.taken_at:%d %B %Y %H:%M UTC}, commit {found.commit or '?'}"
    where = "this system" if here else "another system"
    if found.imported:
        where += f", imported from {found.imported}"
    status = Status.PASS if here else Status.SKIP
    return Finding(f"evidence.{found.path.stem}", status, found.command, f"{observed}, {where}")


def _nothing() -> Finding:
    return Finding("evidence.none", Status.SKIP, "Evidence", f"nothing in {evidence.folder()}")


def adopt(files: Sequence[Path], target: Target) -> Report:
    """Copy the files in, bound to this target, each remembering the system that it was taken on.

    Raises:
        UsageError: a file is no evidence.
    """
    watch = Stopwatch("evidence import", str(target))
    return watch.report([_adopt(evidence.load(path), evidence.system_of(target)) for path in files])


def _adopt(found: evidence.Evidence, system: str) -> Finding:
    document = json.loads(found.path.read_text(encoding="utf-8"))
    origin = found.imported or found.system
    document |= {"system": system, "imported": origin, "importedAt": datetime.now(UTC).isoformat()}
    copy = evidence.folder() / found.path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    observed = f"{found.verdict} on {found.taken_at:%d %B %Y %H:%M UTC}, taken on {origin}"
    return Finding(f"evidence.{found.path.stem}", Status.PASS, f"{found.command} counts for this system", observed)
