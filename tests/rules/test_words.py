"""Amounts in words, as Indian documents say them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payaid.rules.words import SMALL, TENS, number_in_words, rupees_in_words


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "Rupees Zero Only"),
        ("1", "Rupees One Only"),
        ("0.05", "Rupees Zero and Five Paise Only"),
        ("19.99", "Rupees Nineteen and Ninety Nine Paise Only"),
        ("100000", "Rupees One Lakh Only"),
        ("118000.50", "Rupees One Lakh Eighteen Thousand and Fifty Paise Only"),
        ("12345678", "Rupees One Crore Twenty Three Lakh Forty Five Thousand Six Hundred Seventy Eight Only"),
        ("10000000", "Rupees One Crore Only"),
        ("90000000000", "Rupees Nine Thousand Crore Only"),
    ],
)  # fmt: skip
def test_rupees_and_paise(amount: str, said: str) -> None:
    assert rupees_in_words(Decimal(amount)) == said


def read(words: list[str]) -> int:
    """The number that the words say: the other way round, by another rule."""
    for unit, size in (("Crore", 10**7), ("Lakh", 10**5), ("Thousand", 1000), ("Hundred", 100)):
        if unit in words:
            last = len(words) - 1 - words[::-1].index(unit)
            return read(words[:last]) * size + (read(words[last + 1 :]) if words[last + 1 :] else 0)
    return sum(SMALL.index(word) if word in SMALL else TENS.index(word) * 10 for word in words)


@given(st.integers(0, 10**12))
def test_words_can_be_read_back(number: int) -> None:
    assert read(number_in_words(number).split()) == number


def test_nothing_below_zero_is_written() -> None:
    with pytest.raises(ValueError, match="negative"):
        rupees_in_words(Decimal("-0.01"))
