"""Money as Indians write it, financial years, and document numbers."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payaid.rules.money import inr, paise, rupees
from payaid.rules.numbering import INVOICE, Series
from payaid.rules.periods import IST, FinancialYear, month


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "₹ 0.00"), ("7.005", "₹ 7.01"), ("999", "₹ 999.00"), ("1000", "₹ 1,000.00"),
        ("118000", "₹ 1,18,000.00"), ("12345678.9", "₹ 1,23,45,678.90"), ("-118000", "-₹ 1,18,000.00"),
        ("-0.001", "₹ 0.00"), ("999999999999.99", "₹ 9,99,99,99,99,999.99"),
    ],
)  # fmt: skip
def test_rupees_are_grouped_in_lakhs_and_crores(amount: str, shown: str) -> None:
    assert inr(Decimal(amount)) == shown


@given(st.decimals(-(10**11), 10**11, places=2))
def test_grouping_loses_nothing(amount: Decimal) -> None:
    shown = inr(amount)
    assert Decimal(shown.replace("₹ ", "").replace(",", "")) == amount
    assert re.fullmatch(r"-?₹ (\d{1,2},)*\d{1,3}\.\d\d", shown)


def test_half_rounds_away_from_zero() -> None:
    assert (paise(Decimal("0.005")), rupees(Decimal("1.50")), rupees(Decimal("1.49"))) == (
        Decimal("0.01"), Decimal(2), Decimal(1),
    )  # fmt: skip


def test_the_year_turns_at_midnight_in_india() -> None:
    assert str(FinancialYear.of(datetime(2026, 3, 31, 18, 29, 59, tzinfo=UTC))) == "2025-26"
    assert str(FinancialYear.of(datetime(2026, 3, 31, 18, 30, tzinfo=UTC))) == "2026-27"
    assert FinancialYear.of(date(2000, 1, 1)).short == "99-00"
    assert FinancialYear(2025).first_day == date(2025, 4, 1)
    assert FinancialYear(2025).after == date(2026, 4, 1)
    with pytest.raises(ValueError, match="time zone"):
        FinancialYear.of(datetime(2026, 1, 1))


@given(st.dates(date(2018, 1, 1), date(2090, 1, 1)))
def test_every_day_is_in_its_own_year(day: date) -> None:
    year = FinancialYear.of(day)
    assert year.first_day <= day < year.after


def test_a_month_is_half_open() -> None:
    assert month(2025, 12) == (datetime(2025, 12, 1, tzinfo=IST), datetime(2026, 1, 1, tzinfo=IST))


def test_invoice_numbers_fit_the_rule() -> None:
    assert INVOICE.number(1, date(2026, 3, 31)) == "INV/25-26/00001"
    assert INVOICE.number(123_456, date(2026, 4, 1)) == "INV/26-27/123456"
    with pytest.raises(ValueError, match="at most 16"):
        INVOICE.number(1_234_567, date(2026, 4, 1))
    with pytest.raises(ValueError, match="start at 1"):
        INVOICE.number(0, date(2026, 4, 1))
    for century in (1926, 2126):
        with pytest.raises(ValueError, match="not of this century"):  # it would be the number of 2026-27
            INVOICE.number(1, date(century, 4, 10))


@given(st.integers(1, 999_999), st.integers(1, 999_999), st.dates(date(2018, 1, 1), date(2090, 1, 1)))
def test_two_counts_never_make_one_number(one: int, other: int, day: date) -> None:
    assert (INVOICE.number(one, day) == INVOICE.number(other, day)) == (one == other)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("INV-{count}", "next year's numbers"),
        ("INV/{fy}", "must be there"),
        ("{fy}/{count}/{branch}", "no such place: branch"),
        ("INV#{fy}/{count}", "letters, digits"),
        ("COMPANY/{year}/{count}", "at most 16"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_when_declared(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Series("invoice", pattern)
