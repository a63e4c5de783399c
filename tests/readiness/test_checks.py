"""Check files validate themselves with file:line; expectations and findings are pure, and judged here by table."""

from pathlib import Path
from typing import Any

import pytest

from payaidctl.errors import UsageError
from payaidctl.finding import Status
from payaidctl.marked import Marked
from payaidctl.readiness import catalogue
from payaidctl.readiness.check import Check, load
from payaidctl.readiness.expect import Expectation, judge, reach
from payaidctl.readiness.explain import explain
from payaidctl.readiness.finding import finding

GOOD = """\
id: area.name
question: Is it so?
why: It was not, once.
probe: sql
with: {statement: SELECT 1 AS number}
expect: {fact: number, is: 1}
weight: 2
severity: major
fix: make it so
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "area" / "name.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def check(folder: Path, text: str = GOOD) -> Check:
    return load(written(folder, text))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("weight: 2", "wieght: 2", "name.yaml:7: unknown key `wieght`"),
        ("probe: sql", "probe: sequel", "name.yaml:4: unknown probe `sequel`"),
        ("{statement: SELECT 1 AS number}", "{statment: x}", "name.yaml:5: probe sql takes no `statment`"),
        ("with: {statement: SELECT 1 AS number}\n", "", "name.yaml:4: probe sql needs `statement`"),
        ("is: 1", "equals: 1", "name.yaml:6: unknown key `equals`"),
        ("is: 1", "is: 1, above: 0", "name.yaml:6: an expectation names one `fact` and one operator"),
        ("is: 1", "below: {ci: 1}", "name.yaml:6: a value by profile names ci, roadmap, optimised"),
        ("id: area.name", "id: area.other", "name.yaml:1: id `area.other` in a file that makes it `area.name`"),
        ("so?", "so", "name.yaml:2: the question does not end in `?`"),
        ("weight: 2", "weight: 0", "name.yaml:7: weight 0"),
        ("severity: major", "severity: grave", "name.yaml:8: unknown severity `grave`"),
        ("fix: make it so", "profiles: [weekend]\nfix: x", "name.yaml:9: unknown profile `weekend`"),
        ("fix: make it so", "item: 12\nfix: x", "name.yaml:9: the checklist has no item 12"),
        ("fix: make it so", "evidence: a week\nfix: x", "name.yaml:9: `a week` is not an age"),
        ("fix: make it so", 'observed: "{number"\nfix: x', "name.yaml:9: not a template"),
        ("fix: make it so", "fix: {ci: x}", "name.yaml:9: a text by profile"),
        ("fix: make it so", "", "name.yaml:1: `fix` is missing"),
        ("weight: 2", "weight: [", "not YAML"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        check(tmp_path, GOOD.replace(old, new))
    assert told in str(error.value)


def test_ours_are_valid_and_answer_for_every_item() -> None:
    every = catalogue.checks()
    assert len(every) >= 45
    assert {one.item for one in every.values() if one.item} == set(range(1, 12))
    for one in every.values():
        assert explain(one.id).startswith(one.id)


def test_an_operators_own_check_joins_and_wins_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "checks"
    (own / "area").mkdir(parents=True)
    (own / "area" / "name.yaml").write_text(GOOD)
    (own / "queue").mkdir()
    (own / "queue" / "workers.yaml").write_text(GOOD.replace("area.name", "queue.workers").replace("2", "7"))
    monkeypatch.setenv("PAYAID_CONTENT", str(tmp_path))
    catalogue.checks.cache_clear()
    try:
        every = catalogue.checks()
    finally:
        catalogue.checks.cache_clear()
    assert every["area.name"].where.startswith(str(tmp_path))
    assert every["queue.workers"].weight == 7


def test_an_unknown_check_suggests_the_nearest() -> None:
    with pytest.raises(UsageError) as error:
        catalogue.check("queue.worker")
    assert "queue.workers" in error.value.advice


FACTS: dict[str, Any] = {
    "n": 5, "none": None, "on": True, "words": ["a", "b"], "empty": [], "text": "abc",
    "nodes": [{"up": True, "lag": 1}, {"up": False, "lag": 9}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "operator", "value", "holds"),
    [
        ("n", "is", 5, True),
        ("on", "is", 1, False),
        ("on", "is", True, True),
        ("n", "is_not", 5, False),
        ("n", "at_most", 5, True),
        ("n", "below", 5, False),
        ("n", "above", {"ci": 4, "roadmap": 5, "optimised": 5}, True),
        ("text", "one_of", ["abc", "d"], True),
        ("text", "none_of", ["abc"], False),
        ("words", "contains", "b", True),
        ("text", "matches", "^a", True),
        ("empty", "empty", True, True),
        ("words", "empty", True, False),
        ("words", "empty", False, True),
        ("nodes.*.up", "is", True, False),
        ("nodes.*.lag", "below", 10, True),
        ("nodes.0.up", "is", True, True),
        ("nothing", "is", 1, None),
        ("none", "at_least", 1, None),
        ("none", "is", None, True),
        ("text", "above", 3, None),
        ("empty.*.up", "is", True, None),
        ("nodes.7.up", "is", True, None),
    ],
)
def test_expectations(fact: str, operator: str, value: Any, holds: bool | None) -> None:
    wanted = Marked(Path("x"), 1) if isinstance(value, dict) else value
    if isinstance(value, dict):
        wanted.update(value)
    assert judge(Expectation(fact, operator, wanted), FACTS, "ci").holds is holds


def test_all_of_none_is_no_pass() -> None:
    assert reach({"replicas": []}, "replicas.*.in_recovery") == []


@pytest.mark.parametrize(
    ("severity", "facts", "status"),
    [
        ("blocker", {"number": 1}, Status.PASS),
        ("blocker", {"number": 2}, Status.FAIL),
        ("major", {"number": 2}, Status.FAIL),
        ("minor", {"number": 2}, Status.WARN),
        ("blocker", {}, Status.INCONCLUSIVE),
        ("minor", {"number": None}, Status.INCONCLUSIVE),
    ],
)
def test_facts_become_a_finding(tmp_path: Path, severity: str, facts: dict[str, Any], status: Status) -> None:
    found = finding(check(tmp_path, GOOD.replace("major", severity)), facts, "ci")
    assert found.status is status
    assert (found.advice == "") == (status is Status.PASS)


def test_a_template_shows_what_is_missing_as_a_question_mark(tmp_path: Path) -> None:
    text = GOOD + 'observed: "{number} of {all:,} on {nodes.*.name}"\n'
    facts = {"number": 1, "nodes": [{"name": "a"}, {"name": "b"}]}
    assert finding(check(tmp_path, text), facts, "ci").observed == "1 of ? on a, b"


def test_a_condition_that_is_not_met_skips(tmp_path: Path) -> None:
    text = GOOD + "when: {fact: console, is: true, else: no console}\n"
    found = finding(check(tmp_path, text), {"number": 1, "console": False}, "ci")
    assert (found.status, found.observed) == (Status.SKIP, "no console")
