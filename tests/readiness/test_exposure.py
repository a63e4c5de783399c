"""What settings let in, and what lies in version control: a state that passes each check and one that fails it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from payaidctl.finding import Status
from tests.readiness.look import asked

GIT = shutil.which("git") or "git"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # a setting that is judged, nothing is bound
REAL = {"security.default_secrets", "security.env_committed"}
LONG = "c0ffee5eed" * 4
REMOTE = f"postgresql://svc:{LONG}@db.example.in/payaid?sslmode=verify-full"


@pytest.mark.parametrize(
    ("identifier", "env", "status", "told"),
    [
        ("security.default_secrets", {"DATABASE_URL": REMOTE}, Status.PASS, "none in 1"),
        ("security.default_secrets", {"DATABASE_URL": "postgresql://u:postgres@h/d"}, Status.FAIL, "DATABASE_URL"),
        ("security.default_secrets", {"DATABASE_URL": "postgresql://ravi:ravi@h/d"}, Status.FAIL, "DATABASE_URL"),
        ("security.default_secrets", {"REDIS_PASSWORD": "Redis"}, Status.FAIL, "REDIS_PASSWORD"),
        ("security.passwords", {"REDIS_URL": "redis://127.0.0.1:6379"}, Status.PASS, "12 characters"),
        ("security.passwords", {"REDIS_URL": "rediss://cache.example.in:6379"}, Status.FAIL, "without: REDIS_URL"),
        ("security.passwords", {"REDIS_CLUSTER_NODES": "10.0.0.4:6379"}, Status.FAIL, "REDIS_CLUSTER_NODES"),
        ("security.passwords", {"DATABASE_URL": "postgresql://u:short@h/d"}, Status.FAIL, "DATABASE_URL"),
        ("security.tls", {"DATABASE_URL": REMOTE, "API_URL": "http://127.0.0.1:8000"}, Status.PASS, "nothing"),
        ("security.tls", {"DATABASE_URL": REMOTE.replace("verify-full", "prefer")}, Status.FAIL, "DATABASE_URL"),
        ("security.tls", {"QUEUE_REDIS_URL": f"redis://:{LONG}@q.example.in"}, Status.FAIL, "QUEUE_REDIS_URL"),
        ("security.tls", {"API_URL": "http://api.example.in"}, Status.FAIL, "API_URL"),
        ("security.tls", {"REDIS_CLUSTER_NODES": "10.0.0.4:6379", "REDIS_TLS": "true"}, Status.PASS, "nothing"),
        ("security.tls", {"REDIS_CLUSTER_NODES": "10.0.0.4:6379"}, Status.FAIL, "REDIS_CLUSTER_NODES"),
        ("security.bind", {}, Status.PASS, "127.0.0.1"),
        ("security.bind", {"HOST": EVERYWHERE, "TRUSTED_PROXIES": "10.0.0.0/8"}, Status.PASS, "named: yes"),
        ("security.bind", {"HOST": EVERYWHERE}, Status.WARN, "no balancer"),
    ],
)
def test_settings(identifier: str, env: dict[str, str], status: Status, told: str) -> None:
    found = asked(identifier, env)
    assert found.status is status, found
    assert told in found.observed
    for secret in (LONG, ":postgres@", "short@"):
        assert secret not in str(found)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    (tmp_path / ".env.example").write_text("JWT_SECRET=\n")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / ".env.production").write_text("JWT_SECRET=abc\n")
    git("add", ".env.example")
    commit("a sample")
    return tmp_path


def git(*words: str) -> None:
    subprocess.run([GIT, *words], check=True, capture_output=True, timeout=20)


def commit(message: str) -> None:
    git("-c", "user.name=t", "-c", "user.email=t@example.in", "commit", "-qm", message)


def test_a_committed_env_file_is_found_and_stays_found_in_the_history(checkout: Path) -> None:
    assert asked("security.env_committed", {}).status is Status.PASS
    assert asked("security.env_history", {}).status is Status.PASS
    git("add", "-f", "web/.env.production")
    commit("oh no")
    found = asked("security.env_committed", {})
    assert (found.status, found.observed) == (Status.FAIL, "tracked: web/.env.production")
    git("rm", "-q", "--cached", "web/.env.production")
    commit("gone, or so they think")
    assert asked("security.env_committed", {}).status is Status.PASS
    found = asked("security.env_history", {})
    assert (found.status, found.observed) == (Status.WARN, "in the history: web/.env.production")


def test_outside_a_checkout_there_is_nothing_to_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert asked("security.env_committed", {}).status is Status.SKIP
