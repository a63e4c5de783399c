"""GSTINs: known good numbers, and every single mistake found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payaid.rules.gstin import ALPHABET, STATES, make, parse, state_code

PANS = st.from_regex(r"[A-Z]{5}[0-9]{4}[A-Z]", fullmatch=True)
NUMBERS = st.builds(make, st.sampled_from(sorted(STATES)), PANS, st.sampled_from(ALPHABET[1:]))


@pytest.mark.parametrize("text", ["27AAPFU0939F1ZV", " 27aapfu0939f1zv\n"])
def test_a_published_number_is_valid(text: str) -> None:
    number = parse(text)
    assert (number.state, number.pan, number.entity) == ("27", "AAPFU0939F", "1")
    assert str(number) == "27AAPFU0939F1ZV"


@given(NUMBERS, st.integers(0, 14), st.sampled_from(ALPHABET))
def test_one_mistyped_character_never_passes(number: str, place: int, character: str) -> None:
    mistyped = number[:place] + character + number[place + 1 :]
    if mistyped == number:
        assert parse(mistyped).text == number
    else:
        with pytest.raises(ValueError):
            parse(mistyped)


def test_merged_states_are_read_as_their_successors() -> None:
    assert parse(make_for_old("25")).state == "26"
    assert parse(make_for_old("28")).state == "37"


def make_for_old(state: str) -> str:
    return make(state, "AAPFU0939F")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("27AAPFU0939F1Z", "15 characters"),
        ("27AAPFU0939F1AA", "is a state code, a PAN"),
        ("27AAPFU0939F1ZO", "should be V"),
        ("99AAPFU0939F1ZV", "99 is no state code"),
    ],
)
def test_the_complaint_says_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("27", "27"), ("27-Maharashtra", "27"), ("maharashtra", "27"), (" Jammu  & Kashmir ", "01"),
        ("Orissa", "21"), ("Pondicherry", "34"), ("Daman and Diu", "26"), ("25", "26"), ("NCT of Delhi", "07"),
        ("96", "96"), ("97", "97"),
    ],
)  # fmt: skip
def test_states_by_code_and_by_name(text: str, code: str) -> None:
    assert state_code(text) == code


@pytest.mark.parametrize("text", ["", "  ", None, "Bombay Presidency", "00", "99", "2", "27x"])
def test_a_missing_or_unknown_state_is_an_error(text: str | None) -> None:
    with pytest.raises(ValueError):
        state_code(text)


@given(st.sampled_from(sorted(STATES)))
def test_every_state_is_found_by_its_own_name(code: str) -> None:
    assert state_code(STATES[code]) == code
