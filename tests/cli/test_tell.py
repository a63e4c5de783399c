"""Every output says the same, is valid in itself, and cannot change the exit status."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from payaidctl.errors import UsageError
from payaidctl.finding import ExitStatus, Finding, Report, Status, Stopwatch
from payaidctl.options import Output
from payaidctl.tell import tell

NASTY = 'a|b <script>alert("x")</script> % \x1b[2J\x00 \n::error::forged\n`code` {{ 7*7 }}'


def report(statuses: Sequence[Status], observed: str = NASTY) -> Report:
    found = [
        Finding(f"area{number}.one", status, "Is it so?", observed, "so", {"n": number}, "`do this`")
        for number, status in enumerate(statuses)
    ]
    return Stopwatch("ping", "postgresql://u:***@h/db").report(found)


RUNS = [
    ([], ExitStatus.INCONCLUSIVE),
    ([Status.SKIP], ExitStatus.INCONCLUSIVE),
    ([Status.PASS, Status.SKIP, Status.WARN], ExitStatus.PASS),
    ([Status.PASS, Status.INCONCLUSIVE], ExitStatus.INCONCLUSIVE),
    ([Status.INCONCLUSIVE, Status.FAIL, Status.PASS], ExitStatus.FAIL),
    ([Status.WAIVED], ExitStatus.PASS),
]


@pytest.mark.parametrize("output", list(Output))
@pytest.mark.parametrize(("statuses", "status"), RUNS)
def test_exit_status_is_the_reports_in_every_output(
    statuses: list[Status], status: ExitStatus, output: Output, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(report(statuses), output) == status
    assert capsys.readouterr().err == ""


def told(output: Output, statuses: Sequence[Status], capsys: pytest.CaptureFixture[str]) -> str:
    tell(report(statuses), output)
    return capsys.readouterr().out


def test_json_has_the_contracts_top_level(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(told(Output.JSON, [Status.FAIL], capsys))
    assert list(document) == ["command", "target", "verdict", "startedAt", "durationMs", "findings"]
    assert list(document["findings"][0]) == ["id", "status", "title", "observed", "expected", "evidence", "advice"]
    assert (document["verdict"], document["findings"][0]["observed"]) == ("fail", NASTY)


def test_junit_counts_failures_errors_and_skips_apart(capsys: pytest.CaptureFixture[str]) -> None:
    statuses = [Status.FAIL, Status.INCONCLUSIVE, Status.SKIP, Status.WAIVED, Status.WARN, Status.PASS]
    suite = ET.fromstring(told(Output.JUNIT, statuses, capsys)).find("testsuite")  # noqa: S314  # our own
    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "1", "1", "2"]
    assert len(suite.findall("testcase")) == 6


def test_github_prints_workflow_commands_only_and_none_is_forged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    lines = told(Output.GITHUB, [Status.FAIL, Status.WARN, Status.PASS], capsys).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::error"]
    assert all(re.fullmatch(r"::(error|warning|notice) title=[^:]+::.+", line) for line in lines)
    assert "FAIL" in summary.read_text(encoding="utf-8")


def test_markdown_keeps_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [line for line in told(Output.MARKDOWN, [Status.FAIL], capsys).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
    assert "<script>" not in "".join(rows)


def test_text_is_plain_in_a_pipe_and_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(Output.TEXT, [Status.FAIL], capsys)
    assert "\x1b" not in text
    assert "\x00" not in text
    for said in ("area0.one", "observed", "expected  so", "fix       `do this`", "FAIL: 1 fail"):
        assert said in text


class Page(HTMLParser):
    """Collects what a page would load, and its tags that never close."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        if tag not in {"meta", "link", "br", "circle", "rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag


def test_page_is_whole_escapes_everything_and_asks_no_other_host(tmp_path: Path) -> None:
    page = tmp_path / "deep" / "page.html"
    assert tell(report([Status.FAIL, Status.PASS]), Output.JSON, page) == ExitStatus.FAIL
    text = page.read_text(encoding="utf-8")
    seen = Page()
    seen.feed(text)
    assert (seen.loads, seen.open) == ([], [])
    assert "<script" not in text
    assert "url(" not in text
    assert "{{ 7*7 }}" in text


def test_page_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        tell(report([Status.PASS]), Output.JSON, tmp_path / "file" / "page.html")
