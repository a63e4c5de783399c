"""GST invoices. Taxes follow from the lines, the supplier's state and the place of supply."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from payaid.catalogue import Action, Asked, Facts, Field, JobAsked, Kind, Numbering, Outcome, Resource
from payaid.rules import numbering
from payaid.rules.broken import BrokenRules
from payaid.rules.gst import Line, Supply, Treatment, bill
from payaid.rules.periods import indian_date

AMOUNTS = ("items", "placeOfSupply", "reverseCharge", "invoiceDate")


def derive(values: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """Every amount, from the lines and the places; the moment of payment. An issued invoice keeps its amounts.

    Raises:
        BrokenRules: by pointer into the input.
    """
    follows: dict[str, Any] = {}
    current = facts.current or {}
    if values.get("status") == "draft" and current.get("invoiceNumber") is not None:
        raise BrokenRules([("/status", "an issued invoice does not become a draft again; cancel it")])
    if values.get("status") == "paid" and not values.get("paidAt"):
        follows["paidAt"] = facts.now
    changed = [name for name in AMOUNTS if name in values]
    if not changed:
        return follows
    if current and current["status"] != "draft":
        why = "an issued invoice keeps its amounts; cancel it, or correct it with a credit note"
        raise BrokenRules([(f"/{name}", why) for name in changed])
    whole = {**current, **values}
    moment = whole.get("invoiceDate") or facts.now
    supply = Supply(
        supplier_state=facts.tenant_state,
        place_of_supply=whole.get("placeOfSupply"),
        on=indian_date(datetime.fromisoformat(moment) if isinstance(moment, str) else moment),
        reverse_charge=bool(whole.get("reverseCharge")),
    )
    billed = bill([_line(one) for one in whole["items"]], supply)
    return follows | billed.columns() | {"supplierGSTIN": facts.tenant_gstin}


def _line(given: dict[str, Any]) -> Line:
    rate = given.get("gstRate")
    return Line(
        quantity=Decimal(str(given["quantity"])),
        unit_price=Decimal(str(given["unitPrice"])),
        rate=None if rate is None else Decimal(str(rate)),
        discount=Decimal(str(given.get("discount") or 0)),
        treatment=Treatment(given.get("treatment") or "taxable"),
        description=given.get("description") or "",
        hsn=given.get("hsnCode"),
    )


def pdf(_values: dict[str, Any], asked: Asked) -> Outcome:
    """A job makes the PDF of the invoice as it stands then; asked for twice before it starts, it is one."""
    invoice = asked.current["id"]
    return Outcome(job=JobAsked("invoice_pdf", {"invoiceId": invoice}, priority="high", dedupe=invoice))


def send(values: dict[str, Any], asked: Asked) -> Outcome:
    """The invoice goes to its buyer by mail; a draft is issued by that, and takes its number.

    Raises:
        BrokenRules: it is cancelled, or nobody knows where to.
    """
    invoice, customer = asked.current, asked.related["customerId"] or {}
    if invoice["status"] == "cancelled":
        raise BrokenRules([("/status", "a cancelled invoice is not sent")])
    to = values.get("to") or invoice["customerEmail"] or customer.get("email")
    if not to:
        raise BrokenRules([("/to", "is not given, and neither the invoice nor its customer has an address")])
    job = JobAsked(
        "invoice_send", {"invoiceId": invoice["id"], "to": to, "message": values.get("message") or ""},
        priority="high", ordered_by=f"invoice/{invoice['id']}",
    )  # fmt: skip
    return Outcome(job=job, changes={"status": "sent"} if invoice["status"] == "draft" else {})


RESOURCE = Resource(
    module="finance",
    name="invoices",
    title="invoice",
    table="Invoice",
    alias=True,
    numbering=Numbering("invoiceNumber", numbering.INVOICE, unnumbered=("draft", "cancelled"), lasting=True),
    derive=derive,
    actions=(
        Action("pdf", "Make the PDF of one invoice", pdf, grant="read"),
        Action(
            "send", "Mail one invoice with its PDF; a draft is issued", send, reads=("customerId",),
            fields=(
                Field("to", Kind.EMAIL, about="Else the invoice's own address, else its customer's."),
                Field("message", max_length=2000, about="A few words above the figures."),
            ),
        ),
    ),
    fields=(
        Field("invoiceNumber", writable=False, filter=True, about="None before it is issued."),
        Field("status", Kind.CHOICE, nullable=False, filter=True, facet=True,
              choices=("draft", "sent", "paid", "overdue", "cancelled")),
        Field("customerId", Kind.REFERENCE, filter=True, facet=True, refers_to="Contact"),
        Field("dealId", Kind.REFERENCE, writable=False, filter=True, refers_to="Deal", about="The deal it came from."),
        Field("customerName", max_length=200),
        Field("customerEmail", Kind.EMAIL, listed=False),
        Field("customerGSTIN", Kind.GSTIN, listed=False),
        Field("placeOfSupply", required=True, max_length=2,
              about="Two-digit GST state code; against the supplier's state it decides CGST and SGST or IGST."),
        Field("isInterState", Kind.BOOLEAN, writable=False, nullable=False),
        Field("reverseCharge", Kind.BOOLEAN, nullable=False),
        Field("subtotal", Kind.MONEY, writable=False, nullable=False),
        Field("cgst", Kind.MONEY, writable=False),
        Field("sgst", Kind.MONEY, writable=False),
        Field("igst", Kind.MONEY, writable=False),
        Field("tax", Kind.MONEY, writable=False, nullable=False),
        Field("roundOff", Kind.MONEY, writable=False, nullable=False),
        Field("total", Kind.MONEY, writable=False, nullable=False, filter=True, sort=True),
        Field("items", Kind.LINES, required=True, nullable=False, listed=False),
        Field("invoiceDate", Kind.INSTANT, nullable=False, filter=True, sort=True),
        Field("dueDate", Kind.INSTANT, filter=True, sort=True),
        Field("paidAt", Kind.INSTANT, filter=True),
        Field("notes", listed=False, max_length=10_000),
    ),
)  # fmt: skip
