"""docs/jobs.md tells of every task, report and event that there is, and of none that there is not."""

import re
from pathlib import Path

from payaid.jobs.documents import reports
from payaid.jobs.registry import find, load
from payaid.resources.platform.reports import REPORTS

TEXT = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text()


def test_the_table_of_tasks_is_complete_and_true() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| ([\w-]+)(?:, by [^|]*)? \|$", TEXT, re.MULTILINE))
    assert told == {name: task.policy.effect.value for name, task in load().items()}
    assert find("webhook") is not None


def test_every_report_is_told_of() -> None:
    _, _, table = TEXT.partition("| Report |")
    told = re.findall(r"^\| `([a-z-]+)` \|", table.partition("\n\n")[0], re.MULTILINE)
    assert sorted(told) == reports.names() == sorted(REPORTS)


def test_every_event_of_the_triggers_is_told_of() -> None:
    schema = (Path(__file__).parents[2] / "sql" / "schema" / "015_webhook_events.sql").read_text()
    wanted = set()
    for subject, rules in re.findall(
        r"CALL payaid.announce_events\('\"\w+\"', '(\w+)', '\w+'(?:, '\{(.*)\}')?\)", schema
    ):
        wanted |= {f"{subject}.created", f"{subject}.updated"}
        wanted |= {f"{subject}.{rule.rpartition('=')[2]}" for rule in rules.split(",") if rule}
    assert wanted == set(re.findall(r"`((?:contact|deal|invoice)\.\w+)`", TEXT))
