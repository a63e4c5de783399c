"""Evidence is bound to the system it was taken on, ages, and can be taken over by a person only."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from payaidctl import archive, evidence
from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Status, Stopwatch
from payaidctl.stack import Stack
from payaidctl.target import Target

HERE = Target({"API_URL": "http://127.0.0.1:1"}, "a test")
THERE = Target({"API_URL": "http://127.0.0.1:2"}, "another test")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAYAID_STATE", str(tmp_path))
    return tmp_path


def record(target: Target, command: str = "loadtest", users: int = 1000) -> Path:
    found = [Finding("loadtest.p95", Status.PASS, "p95", "20 ms")]
    return evidence.record(Stopwatch(command, str(target)).report(found, {"users": users}), target)


def test_the_newest_of_this_system_is_found_and_no_other() -> None:
    record(HERE, users=1)
    mine = record(HERE, users=2)
    record(THERE, users=3)
    record(HERE, "ping")
    found = evidence.newest("loadtest", HERE, DAY)
    assert found is not None
    assert (found.path, found.facts["users"], found.verdict) == (mine, 2, "pass")
    assert evidence.newest("loadtest", HERE, timedelta(0)) is None
    assert evidence.newest("loadtest", HERE, DAY, lambda run: run.facts["users"] > 2) is None


def test_the_system_is_the_clusters_own_identifier(stack: Stack) -> None:
    env = stack.env()
    names = ("DATABASE_DIRECT_URL", "DATABASE_URL", "DATABASE_READ_DIRECT_URL")
    systems = {evidence.system_of(Target({"DATABASE_DIRECT_URL": env[name]}, name)) for name in names}
    assert len(systems) == 1
    assert next(iter(systems)).startswith("postgresql:")


def test_no_secret_is_in_evidence_and_each_secret_changes_no_digest() -> None:
    settings = {"JWT_SECRET": "s" * 40, "DATABASE_URL": "postgresql://u:hunter2@h/db", "WORKERS": "2"}
    path = record(Target({**settings, "API_URL": "http://x"}, "a test"))
    assert "hunter2" not in path.read_text()
    assert "ssss" not in path.read_text()
    digest = evidence.configuration(settings)
    assert evidence.configuration({**settings, "JWT_SECRET": "t" * 40}) == digest
    assert evidence.configuration({**settings, "WORKERS": "3"}) != digest


def test_imported_evidence_counts_here_and_says_where_it_is_from() -> None:
    path = record(THERE)
    assert evidence.newest("loadtest", HERE, DAY) is None
    archive.adopt([path], HERE)
    found = evidence.newest("loadtest", HERE, DAY)
    assert found is not None
    assert found.imported == evidence.system_of(THERE)


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"format": 1, "command": "loadtest"})])
def test_a_file_that_is_no_evidence_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="no evidence"):
        archive.adopt([path], HERE)
