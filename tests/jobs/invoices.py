"""Invoices as rows of the tables, for the documents' tests: billed by the rule, with everything filled in."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from payaid.rules.gst import Line, Supply, Treatment, bill
from payaid.rules.gstin import make

SELLER_GSTIN, BUYER_GSTIN = make("27", "AABCN1234E"), make("27", "AAPFU0939F")
UGLY = 'Laptop, 14" #strong[bold] *stars* $x^2$ <b> \\ `code` @ref'
LINES = (
    Line(Decimal(3), Decimal("45999.50"), Decimal(18), Decimal(1500), description=UGLY, hsn="8471"),
    Line(Decimal("12.5"), Decimal(1200), Decimal(18), description="Training (hours)", hsn="998313"),
    Line(Decimal(40), Decimal("85.25"), Decimal(5), description="T-shirts, cotton", hsn="6109"),
    Line(Decimal(10), Decimal(150), None, treatment=Treatment.EXEMPT, description="Books", hsn="4901"),
)
SELLER = {
    "name": "North Star Technologies LLP", "address": "Unit 7, Peninsula Park\nLower Parel", "city": "Mumbai",
    "postalCode": "400013", "state": "Maharashtra", "gstin": SELLER_GSTIN, "phone": "+91 22 4000 1234",
    "email": "billing@northstar.example",
}  # fmt: skip


def an_invoice(
    place: str = "27", *, reverse_charge: bool = False, lines: Any = LINES, **changed: Any
) -> dict[str, Any]:
    """A row of "Invoice"."""
    supply = Supply("27", place, date(2026, 11, 1), reverse_charge=reverse_charge)
    row = bill(lines, supply).columns() | {
        "invoiceNumber": "INV/26-27/00042", "status": "sent", "supplierGSTIN": SELLER_GSTIN,
        "customerName": "Sharma & Sons (Traders) Pvt Ltd", "customerEmail": "accounts@sharma.example",
        "customerPhone": "+91 98200 12345", "customerAddress": "14, Linking Road\nBandra West",
        "customerCity": "Mumbai", "customerState": "Maharashtra", "customerPostalCode": "400050",
        "customerGSTIN": BUYER_GSTIN, "notes": "Delivered on challan 881.", "termsAndConditions": "Pay in 30 days.",
        "invoiceDate": datetime(2026, 11, 1, 20, tzinfo=UTC), "dueDate": datetime(2026, 12, 1, tzinfo=UTC),
        "paidAt": None,
    }  # fmt: skip
    return row | changed
