"""Every check by table: the state that passes it, the states that fail it; blockers are made for real elsewhere."""

import pytest

from payaidctl.finding import Status
from payaidctl.readiness import catalogue
from payaidctl.readiness.check import Severity
from payaidctl.readiness.expect import judge
from payaidctl.readiness.finding import finding
from tests.readiness import real
from tests.readiness.recorded import TABLE

CHECKS = catalogue.checks()
CASES = [(identifier, profile) for identifier in sorted(TABLE) for profile in CHECKS[identifier].profiles]


def test_every_check_is_in_the_table_and_nothing_else_is() -> None:
    assert TABLE.keys() == CHECKS.keys()


@pytest.mark.parametrize(("identifier", "profile"), CASES)
def test_the_one_state_passes_and_the_others_do_not(identifier: str, profile: str) -> None:
    check = CHECKS[identifier]
    well, *changes = TABLE[identifier]
    found = finding(check, well, profile)
    assert (found.status, found.advice) == (Status.PASS, ""), found
    bad = Status.WARN if check.severity is Severity.MINOR else Status.FAIL
    for change in changes:
        found = finding(check, well | change, profile)
        assert found.status is bad, (change, found)
        assert found.advice, "what to do about it"
        assert found.observed
        assert found.expected


@pytest.mark.parametrize("identifier", sorted(TABLE))
def test_every_expectation_can_be_broken(identifier: str) -> None:
    """One that no state breaks is either wrong or not needed."""
    check = CHECKS[identifier]
    well, *changes = TABLE[identifier]
    for expectation in check.expect:
        broken = [judge(expectation, well | change, check.profiles[0]).holds is False for change in changes]
        assert any(broken), f"{expectation.fact} {expectation.operator} is broken by no recorded state"


@pytest.mark.parametrize("identifier", sorted(TABLE))
def test_what_is_missing_is_no_pass(identifier: str) -> None:
    assert finding(CHECKS[identifier], {}, CHECKS[identifier].profiles[0]).status in {Status.INCONCLUSIVE, Status.SKIP}


def test_every_blocker_is_made_for_real_somewhere() -> None:
    blockers = {one.id for one in CHECKS.values() if one.severity is Severity.BLOCKER}
    assert blockers <= real.made(), f"only recorded: {sorted(blockers - real.made())}"
