"""Orders, with their items. Amounts follow from the items; the number is per tenant and financial year."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from payaid.catalogue import Field, Kind, Lines, Numbering, Resource

PAISE = Decimal("0.01")


def derive(values: dict[str, Any], _tenant: Mapping[str, Any]) -> dict[str, Any]:
    """Each item's total, the subtotal, and the total: subtotal - discount + tax + shipping."""
    if "items" not in values:
        return {}
    for item in values["items"]:
        item["total"] = (item["price"] * item["quantity"]).quantize(PAISE)
    subtotal = sum((item["total"] for item in values["items"]), Decimal(0))
    given = {name: values.get(name) or Decimal(0) for name in ("tax", "shipping", "discountAmount")}
    total = subtotal - given["discountAmount"] + given["tax"] + given["shipping"]
    return {"subtotal": subtotal, "total": total, "tax": given["tax"], "shipping": given["shipping"]}


RESOURCE = Resource(
    module="crm",
    name="orders",
    title="order",
    table="Order",
    alias=True,
    derive=derive,
    numbering=Numbering("orderNumber", "ORD"),
    lines=Lines("items", "OrderItem", "orderId", (
        Field("productId", Kind.REFERENCE, refers_to="Product"),
        Field("productName", required=True, nullable=False, max_length=200),
        Field("quantity", Kind.INTEGER, required=True, nullable=False, minimum=1, maximum=1_000_000),
        Field("price", Kind.MONEY, required=True, nullable=False, minimum=0),
        Field("total", Kind.MONEY, writable=False, nullable=False),
    )),
    fields=(
        Field("orderNumber", writable=False, nullable=False, filter=True),
        Field("status", Kind.CHOICE, nullable=False, filter=True, facet=True,
              choices=("pending", "confirmed", "shipped", "delivered", "cancelled", "refunded")),
        Field("subtotal", Kind.MONEY, writable=False, nullable=False),
        Field("tax", Kind.MONEY, minimum=0, nullable=False),
        Field("shipping", Kind.MONEY, minimum=0, nullable=False),
        Field("discountAmount", Kind.MONEY, minimum=0),
        Field("total", Kind.MONEY, writable=False, nullable=False, filter=True, sort=True),
        Field("shippingAddress", required=True, nullable=False, listed=False),
        Field("shippingCity", required=True, nullable=False, max_length=100),
        Field("shippingPostal", required=True, nullable=False, listed=False, max_length=20),
        Field("trackingUrl", listed=False),
        Field("paidAt", Kind.INSTANT),
        Field("shippedAt", Kind.INSTANT),
        Field("deliveredAt", Kind.INSTANT),
        Field("customerId", Kind.REFERENCE, filter=True, facet=True, refers_to="Contact"),
    ),
)  # fmt: skip
