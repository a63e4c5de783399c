"""`payaidctl migrate`: what the shell sees."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fixtures.schema import Place


def payaidctl(state: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [Path(sys.executable).parent / "payaidctl", "migrate", *arguments],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        env=os.environ | {"PAYAID_STATE": str(state)},
    )  # fmt: skip


def told(done: "subprocess.CompletedProcess[str]") -> Any:
    return json.loads(done.stdout)


def test_plan_migrate_status(blank: Place, tmp_path: Path) -> None:
    there = ("--database-url", blank.owner, "--output", "json")
    planned = payaidctl(tmp_path, "--plan", *there)
    assert planned.returncode == 0
    assert {one["observed"] for one in told(planned)["findings"]} == {"would be applied"}
    pending = payaidctl(tmp_path, "--status", *there)
    assert (pending.returncode, told(pending)["verdict"]) == (1, "fail")
    unconfirmed = payaidctl(tmp_path, *there)
    assert (unconfirmed.returncode, unconfirmed.stdout) == (2, "")
    applied = payaidctl(tmp_path, "--yes", *there)
    assert applied.returncode == 0
    assert len(told(applied)["findings"]) == len(told(planned)["findings"])
    assert f"database {blank.name}" in applied.stderr
    assert payaidctl(tmp_path, "--status", *there).returncode == 0
    (nothing,) = told(payaidctl(tmp_path, "--yes", *there))["findings"]
    assert nothing["id"] == "migrate.current"
    assert len(list((tmp_path / "evidence").glob("*-migrate.json"))) == 2


def test_a_foreign_database_is_refused_whatever_the_flags(blank: Place, tmp_path: Path) -> None:
    with blank.connect() as connection:
        connection.execute('CREATE TABLE public."Tenant" (id text); CREATE TABLE public."Contact" (id text)')
    done = payaidctl(tmp_path, "--yes", "--database-url", blank.owner)
    assert (done.returncode, done.stdout) == (2, "")
    assert "an existing PayAid V3 database" in done.stderr
    with blank.connect() as connection:
        assert connection.execute("SELECT to_regnamespace('payaid') AS ours").fetchone() == {"ours": None}


def test_an_unreachable_server_is_inconclusive_and_hides_the_password(tmp_path: Path) -> None:
    done = payaidctl(tmp_path, "--status", "--database-url", "postgresql://payaid_owner:hush@127.0.0.1:1/payaid")
    assert done.returncode == 3
    assert "cannot be reached" in done.stderr
    assert "hush" not in done.stdout + done.stderr
