"""GST: worked examples, and the properties that every bill has."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payaid.rules.broken import BrokenRules
from payaid.rules.gst import Kind, Line, Supply, Treatment, bill
from payaid.rules.gst_rates import REFORM, USUAL, usual, why_not

D = Decimal
AFTER = date(2026, 4, 1)
WITHIN = Supply("27", "Maharashtra", AFTER)
ACROSS = Supply("27", "29", AFTER)

MONEY = st.decimals(0, 10_000_000, places=2)
RATES = st.sampled_from([D(0), D("0.25"), D("1.5"), D(3), D(5), D(18), D(40)])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """A line that breaks no rule."""
    line = Line(draw(st.decimals("0.001", 1000, places=3)), draw(MONEY), draw(RATES))
    worth = (line.quantity * line.unit_price).quantize(D("0.01"), "ROUND_HALF_UP")
    if draw(st.booleans()):
        line = replace(line, rate=None, treatment=draw(st.sampled_from([Treatment.EXEMPT, Treatment.NON_GST])))
    return replace(line, discount=draw(st.decimals(0, worth, places=2)))


SUPPLIES = st.builds(
    Supply,
    st.just("27"),
    st.sampled_from(["27", "29", "07"]),
    st.just(AFTER),
    st.sampled_from(list(Kind)),
    st.booleans(),
)


@given(st.lists(lines(), min_size=1, max_size=8), SUPPLIES)
def test_every_bill_adds_up(given_lines: list[Line], supply: Supply) -> None:
    made = bill(given_lines, supply)
    assert made.subtotal - made.discount == made.taxable == sum(line.taxable for line in made.lines)
    assert made.tax == made.cgst + made.sgst + made.igst == sum(line.tax for line in made.lines)
    assert made.cgst == made.sgst
    assert (made.igst == 0) if not made.inter_state else (made.cgst == 0)
    assert D("-0.50") <= made.round_off <= D("0.50")
    assert made.total % 1 == 0
    assert made.total == made.taxable + made.tax * (not supply.reverse_charge) + made.round_off
    for line in made.lines:
        rate = line.line.rate or D(0)
        assert abs(line.tax - line.taxable * rate / 100) <= D("0.01")


@given(st.lists(lines(), min_size=1, max_size=5))
def test_the_two_halves_differ_from_the_whole_by_rounding_alone(given_lines: list[Line]) -> None:
    within, across = bill(given_lines, WITHIN), bill(given_lines, ACROSS)
    assert within.taxable == across.taxable
    assert abs(within.tax - across.tax) <= D("0.01") * len(given_lines)


def test_within_a_state_the_tax_is_halved() -> None:
    made = bill([Line(D(2), D(50_000), D(18), hsn="8471")], WITHIN)
    assert (made.cgst, made.sgst, made.igst, made.total) == (D(9000), D(9000), D(0), D(118_000))
    assert made.columns()["placeOfSupply"] == "27"
    assert made.columns()["items"][0]["taxableValue"] == "100000.00"


def test_across_states_it_is_one_tax() -> None:
    made = bill([Line(D("1.5"), D("33.33"), D(5), discount=D("0.99"))], ACROSS)
    # 49.995 is 50.00, less 0.99 is 49.01; 5 % is 2.4505.
    assert (made.taxable, made.igst, made.cgst) == (D("49.01"), D("2.45"), D(0))
    assert (made.total, made.round_off) == (D(51), D("-0.46"))


@pytest.mark.parametrize("kind", [Kind.SEZ, Kind.EXPORT])
def test_a_zone_or_an_export_is_inter_state_even_at_home(kind: Kind) -> None:
    made = bill([Line(D(1), D(100), D(18))], replace(WITHIN, kind=kind))
    assert (made.inter_state, made.igst) == (True, D(18))
    assert made.place_of_supply == ("96" if kind is Kind.EXPORT else "27")


def test_an_export_under_bond_bears_no_tax() -> None:
    made = bill([Line(D(1), D(100), D(18))], replace(WITHIN, kind=Kind.EXPORT, bond=True))
    assert (made.tax, made.total) == (D(0), D(100))


def test_reverse_charge_shows_the_tax_and_leaves_it_out_of_the_total() -> None:
    made = bill([Line(D(1), D(1000), D(5), hsn="9965")], replace(WITHIN, reverse_charge=True))
    assert (made.tax, made.total) == (D(50), D(1000))


def test_exempt_is_not_zero_percent() -> None:
    exempt = bill([Line(D(1), D(100), None, treatment=Treatment.EXEMPT)], WITHIN)
    zero = bill([Line(D(1), D(100), D(0))], WITHIN)
    assert exempt.total == zero.total == 100
    assert exempt.lines[0].item()["gstRate"] is None
    assert zero.lines[0].item()["gstRate"] == "0"


def test_all_mistakes_are_told_at_once() -> None:
    wrong = [Line(D(0), D(-1), None, discount=D(5)), Line(D(1), D(1), D(12))]
    with pytest.raises(BrokenRules) as caught:
        bill(wrong, Supply(None, "Atlantis", AFTER, bond=True))
    pointers = [pointer for pointer, _ in caught.value.mistakes]
    assert pointers == [
        "/supplierState", "/placeOfSupply", "/bond", "/items/0/quantity", "/items/0/unitPrice", "/items/0/discount",
        "/items/0/gstRate", "/items/1/gstRate",
    ]  # fmt: skip


def test_no_lines_is_no_bill() -> None:
    with pytest.raises(BrokenRules, match="at least one line"):
        bill([], WITHIN)


def test_a_bill_too_large_for_the_books_is_refused() -> None:
    with pytest.raises(BrokenRules, match="over"):
        bill([Line(D(10**6), D(10**6), D(18))], WITHIN)


@pytest.mark.parametrize(
    ("rate", "day", "hsn", "reason"),
    [
        (12, date(2025, 9, 21), None, None),
        (12, REFORM, None, "12 % ended on 2025-09-21"),
        (12, REFORM, "6901", None),
        (28, date(2026, 1, 31), "2402", None),
        (28, date(2026, 2, 1), "2402", "28 % ended on 2026-01-31"),
        (40, date(2025, 9, 21), None, "40 % begins on 2025-09-22"),
        (40, REFORM, None, None),
        (17, REFORM, None, "17 % is no GST rate"),
        (5, date(2017, 6, 30), None, "5 % begins on 2017-07-01"),
    ],
)
def test_a_rate_has_its_days(rate: int, day: date, hsn: str | None, reason: str | None) -> None:
    assert why_not(D(rate), day, hsn) == reason


def test_the_usual_rate_follows_the_reform() -> None:
    assert (usual("300490", date(2025, 9, 21)), usual("300490", REFORM)) == (D(12), D(5))
    assert usual("4901", REFORM) is None
    with pytest.raises(KeyError):
        usual("9999", REFORM)


def test_every_usual_rate_may_be_charged_on_its_days() -> None:
    wrong: list[Any] = []
    for hsn in USUAL:
        for day in (date(2025, 9, 21), REFORM, AFTER):
            rate = usual(hsn, day)
            if rate is not None and (reason := why_not(rate, day, hsn)):
                wrong.append((hsn, reason))
    assert wrong == []
