"""What a run leaves in `.payaid/runs/<run>/` beside its samples: result.json, series.json, and a page (`page`)."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from payaidctl import evidence
from payaidctl.finding import Finding, Report
from payaidctl.load.measure import Measures, mistakes_by_name, summary, table
from payaidctl.load.profile import Profile
from payaidctl.load.sample import Sample
from payaidctl.load.watch import Seen
from payaidctl.target import Target
from payaidctl.tell.json import as_dict, plain

RESULT = "result.json"


@dataclass(slots=True, kw_only=True)
class Run:
    """One finished run. `start` and `end` bound the plateau, in seconds since 1970; both 0 when there was none."""

    name: str
    folder: Path
    profile: Profile
    started: float
    start: float
    end: float
    samples: Sequence[Sample]
    measures: Measures
    findings: Sequence[Finding]
    seen: Mapping[str, Seen]
    generator: Mapping[str, Sequence[tuple[float, float]]]
    environment: Mapping[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """What evidence keeps: enough for readiness to judge by, and to find the rest."""
        return {
            "run": self.name,
            "profile": self.profile.name,
            "users": self.measures.users,
            "usersWanted": self.profile.users,
            "plateau": {
                "from": _iso(self.start), "to": _iso(self.end), "seconds": round(self.end - self.start, 3),
            },
            "metrics": summary(self.measures),
            "classes": table(self.measures, lambda step: f"class {step.kind}"),
            "names": table(self.measures, lambda step: step.name),
            "mistakes": mistakes_by_name(self.measures),
            "watched": {name: seen.facts for name, seen in self.seen.items() if seen.facts},
            "notWatched": {name: seen.why_not for name, seen in self.seen.items() if seen.why_not},
            "environment": dict(self.environment),
            "folder": str(self.folder),
        }  # fmt: skip


def write(run: Run, report: Report) -> None:
    """Write result.json and series.json."""
    document = as_dict(report) | {
        "run": run.name,
        "facts": report.facts,
        "window": {"start": run.start, "end": run.end, "started": run.started},
        "steps": [{"name": step.name, "class": step.kind, "apart": step.apart} for step in run.measures.steps],
        "noisy": run.measures.noisy,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, default=plain)
    (run.folder / RESULT).write_text(text, encoding="utf-8")
    series = {name: seen.series for name, seen in run.seen.items()}
    (run.folder / "series.json").write_text(json.dumps(series), encoding="utf-8")


def environment(target: Target, profile: Profile, processes: int, tenants: int) -> dict[str, Any]:
    """Where and with what it was measured."""
    packages = ("payaid", "locust", "gevent", "granian", "psycopg", "redis")
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "memory": psutil.virtual_memory().total,
        "packages": {name: _version(name) for name in packages},
        "generatorProcesses": processes,
        "tenants": tenants,
        "profile": {
            "file": profile.path.name, "users": profile.users, "ramp": profile.ramp, "settle": profile.settle,
            "plateau": profile.plateau, "think": list(profile.think), "timeout": profile.timeout,
            "mix": dict(profile.mix), "noisy": profile.noisy, "loginsPerMinute": profile.logins * 60,
        },
        "commit": evidence.commit(),
        "configuration": evidence.configuration(target.env),
        "settings": {name: target.env[name] for name in SHOWN_SETTINGS if name in target.env},
    }  # fmt: skip


# Settings that shape the figures; none of them is a secret.
SHOWN_SETTINGS = (
    "WORKERS", "BACKLOG", "CONNECTIONS", "DATABASE_POOL_MIN", "DATABASE_POOL_MAX", "CACHE", "CACHE_L1_BYTES",
    "RATE_LIMITS", "LOG_LEVEL",
)  # fmt: skip


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat() if moment else ""
