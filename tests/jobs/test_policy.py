"""What a failed attempt leads to; and what a claim's rules say without any clock running."""

import pytest

from payaid.jobs.policy import Effect, Permanent, Policy, Transient, Uncertain, backoff, judge

MAIL = Policy(Effect.OUTWARD)


@pytest.mark.parametrize(("failures", "least", "most"), [(1, 2.0, 3.0), (2, 4.0, 6.0), (3, 8.0, 12.0)])
def test_waits_double_from_two_seconds_and_spread_by_half(failures: int, least: float, most: float) -> None:
    assert backoff(failures, 0.0) == least
    assert backoff(failures, 1.0) == most


def test_waits_have_an_end() -> None:
    assert backoff(40, 0.0) == 600.0


def test_three_failures_are_the_end() -> None:
    error = Transient("busy")
    assert [judge(MAIL, error, failures, 0.0).state for failures in (1, 2, 3)] == ["retrying", "retrying", "dead"]


def test_a_permanent_error_ends_at_once() -> None:
    assert judge(MAIL, Permanent("no such address"), 1, 0.0).state == "dead"


def test_any_other_exception_is_tried_again() -> None:
    assert judge(MAIL, KeyError("a bug"), 1, 0.0).state == "retrying"


def test_the_other_side_may_ask_for_a_longer_wait_and_not_for_a_shorter_one() -> None:
    assert judge(MAIL, Transient("429", after_s=90), 1, 0.0).after_s == 90
    assert judge(MAIL, Transient("429", after_s=0.5), 1, 0.0).after_s == 2.0


def test_an_uncertain_end_is_tried_again_where_a_repeat_can_be_told_and_left_to_a_person_where_it_hurts() -> None:
    repeatable = judge(MAIL, Uncertain("broke off"), 1, 0.0)
    assert (repeatable.state, repeatable.uncertain) == ("retrying", True)
    once = judge(Policy(Effect.OUTWARD_ONCE), Uncertain("broke off"), 1, 0.0)
    assert (once.state, once.uncertain) == ("uncertain", True)
    last = judge(MAIL, Uncertain("broke off"), 3, 0.0)
    assert (last.state, last.uncertain) == ("dead", True)
