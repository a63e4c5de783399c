"""GST invoices. Taxes follow from the lines, the supplier's state and the place of supply."""

from payaid.catalogue import Field, Kind, Numbering, Resource

RESOURCE = Resource(
    module="finance",
    name="invoices",
    title="invoice",
    table="Invoice",
    alias=True,
    numbering=Numbering("invoiceNumber", "INV"),
    fields=(
        Field("invoiceNumber", writable=False, nullable=False, filter=True),
        Field("status", Kind.CHOICE, nullable=False, filter=True, facet=True,
              choices=("draft", "sent", "paid", "overdue", "cancelled")),
        Field("customerId", Kind.REFERENCE, filter=True, facet=True, refers_to="Contact"),
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
