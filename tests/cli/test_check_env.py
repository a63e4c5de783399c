"""Every fault that the existing system's environment had is found, under its name, and no value is ever told."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from payaidctl import cli
from payaidctl.environment import compare, judge, values
from payaidctl.finding import Status

SECRET = "Zq3vN8xK2mPw7RtY5uHs9LdFgJc4BaXe6TnVkQyW"
GOOD = {
    "DATABASE_URL": "postgresql://svc:p%40ss@127.0.0.1:6432/payaid",
    "DATABASE_READ_URL": "postgresql://svc:p%40ss@127.0.0.1:5433/payaid",
    "DATABASE_DIRECT_URL": "postgresql://own:p%40ss@127.0.0.1:5432/payaid",
    "REDIS_CLUSTER_NODES": "127.0.0.1:7000,127.0.0.1:7001",
    "QUEUE_REDIS_URL": "redis://127.0.0.1:6390",
    "JWT_SECRET": SECRET,
}
POOLER = "aws-0-ap-south-1.pooler.supabase.com"

FAULTS = [
    ("JWT_SECRET", SECRET + "\n", "ends in a newline"),
    ("JWT_SECRET", SECRET + "\\n", "ends in a newline"),
    ("JWT_SECRET", SECRET + " ", "blanks"),
    ("JWT_SECRET", f'"{SECRET}"', "quotes"),
    ("JWT_SECRET", "change-me-in-production-or-else-it-is-bad", "placeholder"),
    ("JWT_SECRET", "your-secret-key", "placeholder"),
    ("JWT_SECRET", "short", "fewer than 32"),
    ("JWT_SECRET", "a" * 40, "different characters"),
    ("JWT_SECRET", "", "not set"),
    ("CRON_SECRET", "", "empty"),
    ("CRON_SECRET", "undefined", "placeholder"),
    ("CRON_SECRET", SECRET, "same secret as"),
    ("REDIS_URL", "https://eu1-x.upstash.io", "REST URL"),
    ("DATABASE_URL", "postgresql://u:p@ss@db.in/x", "unencoded"),
    ("DATABASE_URL", "postgresql://u:p#ss@db.in/x", "unencoded"),
    ("DATABASE_URL", "postgresql://u:p/ss@db.in/x", "unencoded"),
    ("DATABASE_URL", "postgresql://u:p%zz@db.in/x", "percent-encoding"),
    ("DATABASE_URL", "postgresql://postgres:[YOUR-PASSWORD]@db.in/x", "placeholder"),
    ("DATABASE_URL", "postgresql://svc:undefined@db.in/x", "placeholder"),
    ("DATABASE_URL", f"postgresql://postgres.ref:p@{POOLER}:5432/postgres", "session mode"),
    ("DATABASE_URL", f"postgresql://postgres:p@{POOLER}:6543/postgres", "Tenant or user not found"),
    ("DATABASE_URL", "", "not set"),
    ("DATABASE_DIRECT_URL", f"postgresql://postgres.ref:p@{POOLER}:6543/postgres", "transaction pooler"),
    ("DATABASE_READ_URL", GOOD["DATABASE_URL"], "leads to the primary"),
    ("QUEUE_REDIS_URL", "", "no job would run"),
    ("REDIS_CLUSTER_NODES", "127.0.0.1", "not host:port"),
    ("PORT", "eight thousand", "valid integer"),
    ("METRICS_TOKEN", "short", "fewer than 32"),
    ("METRICS_NETWORKS", "everybody", "CIDR"),
    ("TRUSTED_PROXIES", "10.0.0.1/8", "CIDR"),
]


def found(env: dict[str, str], *, from_file: bool = True) -> dict[str, tuple[Status, str]]:
    findings = judge.findings(env, from_file=from_file)
    return {one.id.removeprefix("env."): (one.status, one.observed) for one in findings}


def test_good_settings_pass() -> None:
    assert {status for status, _ in found(GOOD).values()} == {Status.PASS}


@pytest.mark.parametrize(("name", "value", "told"), FAULTS)
def test_each_fault_fails_under_its_name(name: str, value: str, told: str) -> None:
    status, observed = found({**GOOD, name: value})[name]
    assert status is Status.FAIL
    assert told in observed


def test_the_queue_must_not_share_the_caches_server() -> None:
    status, observed = found({**GOOD, "REDIS_URL": "redis://127.0.0.1:6390"})["QUEUE_REDIS_URL"]
    assert (status, "evict" in observed) == (Status.FAIL, True)


def test_the_existing_system_without_a_cron_secret_is_open() -> None:
    assert "CRON_SECRET" not in found(GOOD)
    assert found({**GOOD, "NEXTAUTH_URL": "https://app.payaid.in"})["CRON_SECRET"][0] is Status.FAIL


def test_names_that_nothing_reads_are_told_with_the_nearest(tmp_path: Path) -> None:
    findings = judge.findings({**GOOD, "REDIS_CLUSTER_NODE": "x:1"}, from_file=True)
    one = next(one for one in findings if one.id == "env.REDIS_CLUSTER_NODE")
    assert (one.status, one.advice) == (Status.WARN, "did you mean REDIS_CLUSTER_NODES?")
    assert "REDIS_CLUSTER_NODE" not in found({**GOOD, "REDIS_CLUSTER_NODE": "x:1"}, from_file=False)


@pytest.mark.parametrize(("name", "value", "_"), FAULTS)
def test_no_value_is_ever_told(name: str, value: str, _: str) -> None:
    text = repr(judge.findings({**GOOD, name: value}, from_file=True))
    assert SECRET not in text
    assert "p%40ss" not in text
    assert len(value) < 12 or value not in text


def test_files_are_compared_side_by_side() -> None:
    files = {
        "staging": {**GOOD, "STATSD_HOST": "s"},
        "production": {**GOOD, "DATABASE_URL": "postgresql://a@db/x"},
    }
    told = {one.id: (one.status, one.observed) for one in compare.compare(files)}
    assert told["compare.JWT_SECRET"] == (Status.FAIL, "the same secret in staging and production")
    assert told["compare.STATSD_HOST"] == (Status.WARN, "set in staging; not in production")
    assert told["compare.DATABASE_URL"][0] is Status.PASS


def test_what_was_meant_is_read_through_quotes_and_blanks() -> None:
    assert values.mended({"A": ' "x" ', "B": "y\\n", "C": "'"}) == {"A": "x", "B": "y", "C": "'"}


def test_the_command_reads_a_file_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / ".env.production"
    lines = [f"{name}={value}" for name, value in {**GOOD, "JWT_SECRET": SECRET + " "}.items()]
    path.write_text("# production\nexport " + "\n".join(lines) + "\n")
    answer = CliRunner().invoke(cli.app, ["check-env", "--values-only", str(path)])
    assert answer.exit_code == 1
    assert "has blanks at its start or end" in answer.stdout
    assert SECRET not in answer.output
