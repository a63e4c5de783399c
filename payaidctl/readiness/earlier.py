"""The runs before this one, from evidence: was it ever better, and since when is it worse?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from payaidctl import evidence
from payaidctl.evidence import Evidence
from payaidctl.finding import Report
from payaidctl.target import Target

COMMAND = "readiness"
SHOWN = 12
WIDTH, HEIGHT = 340.0, 60.0


def with_earlier(report: Report, target: Target, recorded: Path) -> Report:
    """The report with the newest runs on the same system before it, oldest first; `recorded` is its own file."""
    system = evidence.system_of(target)
    found: list[Evidence] = []
    for path in sorted(evidence.folder().glob(f"*-{COMMAND}.json"), reverse=True):
        if path == recorded or len(found) == SHOWN:
            continue
        run = evidence.load(path)
        if run.system == system and run.command == COMMAND and run.facts.get("checklist"):
            found.append(run)
    return replace(report, facts={**report.facts, "earlier": [row(run) for run in reversed(found)]})


def row(run: Evidence) -> dict[str, Any]:
    """One line of the history. Pure."""
    score = run.facts.get("score") or {}
    return {
        "when": f"{run.taken_at:%Y-%m-%d %H:%M} UTC",
        "profile": run.facts.get("profile", ""),
        "verdict": run.verdict,
        "points": score.get("points"),
        "coverage": score.get("coverage"),
        "blockers": list(score.get("blockers") or ()),
        "waived": score.get("waived", 0),
        "commit": run.commit,
    }


def line(earlier: Sequence[dict[str, Any]], now: int) -> str:
    """The points of a polyline from the oldest run to this one, 100 at the top. Pure."""
    points = [run["points"] for run in earlier if run["points"] is not None] + [now]
    step = WIDTH / max(1, len(points) - 1)
    return " ".join(f"{number * step:.1f},{HEIGHT - HEIGHT * one / 100:.1f}" for number, one in enumerate(points))
