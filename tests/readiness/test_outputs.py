"""A run that fails, by the command's own door: one exit status in every output, and stdout is that format alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

OUTPUTS = ("text", "json", "junit", "markdown", "github")
GOOD = {
    "DATABASE_URL": "postgresql://svc:p%40ss@127.0.0.1:1/payaid", "QUEUE_REDIS_URL": "redis://127.0.0.1:2",
    "REDIS_URL": "redis://127.0.0.1:1", "JWT_SECRET": "f0e1d2c3b4a5968778695a4b3c2d1e0f",
}  # fmt: skip
# Nobody answers at those addresses, so what is in effect cannot be told; a placeholder is proven without it.
STATES = [({}, "inconclusive", 3), ({"JWT_SECRET": "change-me-in-production-change-me"}, "fail", 1)]


def told(output: str, *words: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-c", "from payaidctl.cli import main; main()", "readiness", "-o", output, *words],
        capture_output=True, text=True, timeout=60, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_"))},
    )  # fmt: skip
    return ran.returncode, ran.stdout


def parse(output: str, text: str, verdict: str) -> None:
    """Fails unless the text is whole and of its format."""
    match output:
        case "json":
            document = json.loads(text)
            assert {"command", "target", "verdict", "findings"} <= document.keys()
            assert document["verdict"] == verdict
        case "junit":
            root = ElementTree.fromstring(text)  # noqa: S314  # our own
            failures = sum(int(one.get("failures", 0)) for one in root.iter("testsuite"))
            assert (failures > 0) == (verdict == "fail")
        case "github":
            assert all(line.startswith("::") for line in text.splitlines()), text
            assert f"::error title=payaidctl readiness::{verdict.upper()}" in text
        case "markdown":
            assert text.startswith("#")
            assert "|" in text
        case _:
            assert "environment.values" in text
            assert "\x1b" not in text


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(("changed", "verdict", "status"), STATES)
def test_the_exit_status_and_the_format_hold(
    tmp_path: Path, output: str, changed: dict[str, str], verdict: str, status: int
) -> None:
    file = tmp_path / "system.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in {**GOOD, **changed}.items()))
    code, text = told(output, "--env-file", str(file), "--area", "environment", "--timeout", "1")
    assert code == status, text
    parse(output, text, verdict)


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_cannot_be_asked_is_a_usage_error_and_prints_no_answer(tmp_path: Path, output: str) -> None:
    code, text = told(output, "--env-file", str(tmp_path / "none.env"))
    assert (code, text) == (2, "")
