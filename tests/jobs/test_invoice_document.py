"""An invoice on paper: what is read back from the PDF is what the row says."""

import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from payaid.jobs.documents import typeset
from payaid.jobs.documents.invoice import sheet
from payaid.rules.gst import Line, Treatment
from payaid.rules.money import inr
from tests.jobs.invoices import BUYER_GSTIN, SELLER, SELLER_GSTIN, UGLY, an_invoice

MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)


def printed(invoice: dict[str, Any], customer: dict[str, Any] | None = None) -> str:
    """The text of every page, with single spaces."""
    made = typeset.pdf("invoice", sheet(invoice, SELLER, customer), MADE_AT)
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


@pytest.mark.parametrize("place", ["27", "29"])
def test_every_figure_on_the_page_is_the_invoices(place: str) -> None:
    invoice = an_invoice(place)
    text = printed(invoice)
    assert f"Total {inr(invoice['total'])}" in text
    assert f"Round-off {inr(invoice['roundOff'], symbol='')}" in text
    assert f"Discount {inr(-invoice['discount'], symbol='')}" in text
    assert "Rupees One Lakh Eighty Three Thousand Eight Hundred Forty Nine Only" in text
    for item in invoice["items"]:
        for name in ("unitPrice", "taxableValue", "total"):
            assert inr(Decimal(item[name]), symbol="") in text
        assert item["hsnCode"] in text
    taxes = {"27": ("CGST", "SGST"), "29": ("IGST",)}[place]
    for tax in taxes:
        assert f"{tax} {inr(invoice[tax.lower()], symbol='')}" in text
    assert ("IGST (₹)" in text, "CGST (₹)" in text) == (place == "29", place == "27")
    assert ("18%" in text, "9%" in text) == (place == "29", place == "27")


def test_it_says_what_rule_46_wants() -> None:
    text = printed(an_invoice())
    for wanted in (
        "TAX INVOICE", "INV/26-27/00042", "2 November 2026", "1 December 2026", SELLER["name"], SELLER_GSTIN,
        "Sharma & Sons (Traders) Pvt Ltd", BUYER_GSTIN, "14, Linking Road", "Mumbai 400050", "Maharashtra (27)",
        "TAX PAYABLE ON REVERSE CHARGE No", "Pay in 30 days.", "Page 1 of 1",
    ):  # fmt: skip
        assert wanted in text


def test_what_people_wrote_is_never_markup() -> None:
    assert UGLY in printed(an_invoice())


def test_a_word_longer_than_its_column_stays_inside_it() -> None:
    lines = [Line(Decimal(1), Decimal(10), Decimal(5), description="Ω" * 120, hsn="6109")]
    made = typeset.pdf("invoice", sheet(an_invoice(lines=lines), SELLER, None), MADE_AT)
    text = pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()
    pieces = re.findall("Ω+", text.replace("\u200b", ""))
    assert (sum(map(len, pieces)), len(pieces) > 2) == (120, True)


def test_a_draft_says_so_and_has_no_number() -> None:
    text = printed(an_invoice(status="draft", invoiceNumber=None))
    assert "DRAFT" in text
    assert "(no number yet)" in text
    assert "CANCELLED" in printed(an_invoice(status="cancelled"))


def test_under_reverse_charge_the_tax_is_shown_and_not_charged() -> None:
    invoice = an_invoice("29", reverse_charge=True)
    text = printed(invoice)
    assert "TAX PAYABLE ON REVERSE CHARGE Yes" in text
    assert f"Less tax payable by the recipient {inr(-invoice['tax'], symbol='')}" in text
    assert f"Total {inr(invoice['total'])}" in text
    assert invoice["total"] < invoice["subtotal"]


def test_exempt_supplies_alone_are_a_bill_of_supply() -> None:
    books = Line(Decimal(2), Decimal(100), None, treatment=Treatment.EXEMPT, description="Books", hsn="4901")
    assert "BILL OF SUPPLY" in printed(an_invoice(lines=[books]))


def test_a_long_invoice_repeats_its_head_and_keeps_its_sums() -> None:
    lines = [Line(Decimal(1), Decimal("10.10"), Decimal(5), description=f"Thing {n}", hsn="6109") for n in range(120)]
    invoice = an_invoice(lines=lines)
    text = printed(invoice)
    assert text.count("Description") >= 3
    assert f"Total {inr(invoice['total'])}" in text
    assert f"6109 {inr(invoice['subtotal'], symbol='')} 2.5%" in text


def test_where_the_invoice_names_no_address_the_contacts_is_printed() -> None:
    blank = dict.fromkeys(("customerAddress", "customerCity", "customerState", "customerPostalCode", "customerPhone"))
    contact = dict.fromkeys(("name", "phone", "email", "state")) | {
        "address": "9 Church Street", "city": "Pune", "postalCode": "411001",
    }  # fmt: skip
    text = printed(an_invoice(**blank), contact)
    assert "9 Church Street Pune 411001" in text
    assert "Sharma & Sons" in text
    half = printed(an_invoice(**(blank | {"customerCity": "Nashik"})), contact)
    assert "Nashik" in half
    assert "Church Street" not in half


def test_the_same_invoice_is_the_same_bytes() -> None:
    made = [typeset.pdf("invoice", sheet(an_invoice(), SELLER, None), MADE_AT) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0].startswith(b"%PDF-1.7")


def test_it_can_be_looked_at() -> None:
    (picture,) = typeset.pictures("invoice", sheet(an_invoice(), SELLER, None), ppi=72)
    assert picture.startswith(b"\x89PNG")
