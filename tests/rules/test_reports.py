"""Periods, the sales pipeline, the GST summary and the ages of receivables: the figures of reports."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from payaid.jobs.documents.reports import gst_summary
from payaid.rules.ageing import BUCKETS, Ageing, bucket
from payaid.rules.gst import Line, Supply, Treatment, bill
from payaid.rules.gst_return import Code, GstSummary, Rate
from payaid.rules.periods import IST, period
from payaid.rules.pipeline import Pipeline

DAY = date(2026, 10, 15)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-10", (2026, 10, 1), (2026, 11, 1)),
        ("2026-12", (2026, 12, 1), (2027, 1, 1)),
        ("FY2026-27", (2026, 4, 1), (2027, 4, 1)),
        ("FY2026-27-Q1", (2026, 4, 1), (2026, 7, 1)),
        ("FY2026-27-Q4", (2027, 1, 1), (2027, 4, 1)),
        ("FY2099-00", (2099, 4, 1), (2100, 4, 1)),
    ],
)
def test_periods_are_half_open_at_indian_midnight(
    text: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    found = period(text)
    assert (found.start, found.end) == (datetime(*start, tzinfo=IST), datetime(*end, tzinfo=IST))
    assert found.start in found
    assert found.start - timedelta(microseconds=1) not in found
    assert found.end - timedelta(microseconds=1) in found
    assert found.end not in found
    assert found.last_day == date(*end) - timedelta(days=1)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "FY2026-28", "FY2026-27-Q5", "2026-10 ", "２026-10"]
)
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match="no period"):
        period(text)


def test_open_deals_count_as_they_stand_and_closed_ones_by_the_indian_day() -> None:
    pipeline = Pipeline(period("2026-10"))
    last = datetime(2026, 10, 31, 18, 29, 59, tzinfo=UTC)
    assert pipeline.add("lead", Decimal("1000.55"), Decimal(10), None)
    assert pipeline.add("lead", Decimal("0.05"), Decimal(10), None)
    assert pipeline.add("negotiation", Decimal(400), Decimal(75), None)
    assert pipeline.add("won", Decimal(700), Decimal(100), last)
    assert not pipeline.add("won", Decimal(900), Decimal(100), last + timedelta(seconds=1))
    assert pipeline.add("lost", Decimal(50), Decimal(0), last)
    assert pipeline.add("lost", Decimal(50), Decimal(0), last)
    assert not pipeline.add("lost", Decimal(50), Decimal(0), None)
    lead = pipeline.open["lead"]
    # 100.055 and 0.005 round to the paisa one by one: half away from zero.
    assert (lead.deals, lead.value, lead.weighted) == (2, Decimal("1000.60"), Decimal("100.07"))
    assert (pipeline.total.deals, pipeline.total.value, pipeline.total.weighted) == (
        3, Decimal("1400.60"), Decimal("400.07"),
    )  # fmt: skip
    assert (pipeline.closed["won"].value, pipeline.win_rate) == (Decimal(700), Decimal("33.3"))
    assert Pipeline(period("2026-10")).win_rate is None


@pytest.mark.parametrize(
    ("late", "name"),
    [(-5, "Not due"), (0, "Not due"), (1, "1-30 days"), (30, "1-30 days"), (31, "31-60 days"), (60, "31-60 days"),
     (61, "61-90 days"), (90, "61-90 days"), (91, "Over 90 days"), (4000, "Over 90 days")],
)  # fmt: skip
def test_a_bills_age_is_counted_from_the_day_after_its_due_date(late: int, name: str) -> None:
    assert BUCKETS[bucket(DAY - timedelta(days=late), DAY)] == name


def test_what_is_owed_adds_up_by_customer_and_bucket() -> None:
    ageing = Ageing(DAY)
    ageing.add("Asha", DAY - timedelta(days=5), Decimal("100.10"))
    ageing.add("Asha", None, Decimal("0.90"))
    ageing.add("Biju", DAY - timedelta(days=200), Decimal(500))
    assert ageing.largest_first() == [
        ("Biju", [0, 0, 0, 0, Decimal(500)]), ("Asha", [Decimal("0.90"), Decimal("100.10"), 0, 0, 0]),
    ]  # fmt: skip
    assert (ageing.total, ageing.invoices) == (Decimal("601.00"), 3)


def an_invoice(place: str = "27", *lines: Line, gstin: str | None = None, **changed: Any) -> dict[str, Any]:
    given = lines or (Line(Decimal(1), Decimal(1000), Decimal(18), hsn="8471"),)
    reverse = changed.pop("reverse_charge", False)
    billed = bill(given, Supply("27", place, DAY, reverse_charge=reverse)).columns()
    return billed | {"status": "sent", "customerGSTIN": gstin} | changed


def test_supplies_are_sorted_into_the_sections_of_the_return() -> None:
    summary = GstSummary()
    large = Line(Decimal(1), Decimal(100_000), Decimal(18), hsn="8471")
    exactly = Line(Decimal(1), Decimal(100_000), Decimal(0), hsn="1006")
    assert [
        summary.add(one, DAY)
        for one in (
            an_invoice(gstin="27AAPFU0939F1ZV"), an_invoice("29", large), an_invoice("29", exactly),
            an_invoice("29"), an_invoice("27", large), an_invoice(status="draft"), an_invoice(status="cancelled"),
        )
    ] == ["B2B", "B2CL", "B2CS", "B2CS", "B2CS", "", ""]  # fmt: skip
    assert GstSummary().add(an_invoice("29", large), date(2024, 7, 31)) == "B2CS"
    # Before GST there were no such limits; the report of that period is made all the same.
    assert GstSummary().add(an_invoice("29", large), date(2017, 6, 30)) == "B2CS"
    assert summary.invoices == 5
    b2b = dict(summary.by_section())[Rate("B2B", "27", Decimal(18))]
    assert (b2b.taxable, b2b.cgst, b2b.sgst, b2b.igst) == (Decimal(1000), 90, 90, 0)
    assert [rate.section for rate, _ in summary.by_section()] == ["B2B", "B2CL", "B2CS", "B2CS", "B2CS"]
    assert summary.taxed.tax == sum(sums.tax for _, sums in summary.by_section())
    assert summary.taxed.taxable == sum(sums.taxable for _, sums in summary.by_code()) == 302_000


def test_an_invoice_that_names_no_place_is_in_the_return_first() -> None:
    summary = GstSummary()
    for place in ("27", None, "29"):
        summary.add(an_invoice() | {"placeOfSupply": place}, DAY)
    assert [rate.place for rate, _ in summary.by_section()] == ["", "27", "29"]
    report = gst_summary.REPORT(period("2026-10"), DAY)
    row = an_invoice() | {"placeOfSupply": None, "invoiceDate": datetime(2026, 10, 15, tzinfo=UTC)}
    named = dict.fromkeys(("invoiceNumber", "customerName", "taxable"))
    assert "(none)" in (report.take(named | row) or ())
    sections = report.tables()[1]
    assert sections.rows[0][1] == "(none)"


def test_exempt_is_not_zero_rated_and_reverse_charge_is_not_our_tax() -> None:
    summary = GstSummary()
    exempt = Line(Decimal(2), Decimal(50), None, treatment=Treatment.EXEMPT, hsn="4901")
    zero = Line(Decimal(1), Decimal(70), Decimal(0), hsn="4820")
    summary.add(an_invoice("27", exempt, zero), DAY)
    summary.add(an_invoice("29", reverse_charge=True, gstin="29AAPFU0939F1ZV"), DAY)
    assert summary.untaxed == {"exempt": Decimal(100), "non_gst": 0}
    assert (summary.taxed.taxable, summary.taxed.tax) == (Decimal(70), 0)
    assert (summary.reverse_charge.taxable, summary.reverse_charge.tax) == (Decimal(1000), 180)
    assert [code for code, _ in summary.by_code()] == [Code("4820", Decimal(0)), Code("8471", Decimal(18))]
