"""Orders, with their items. Amounts follow from the items; the number is per tenant and financial year."""

from decimal import Decimal
from typing import Any

from payaid.catalogue import Facts, Field, Kind, Lines, Numbering, Resource
from payaid.rules import numbering
from payaid.rules.broken import BrokenRules
from payaid.rules.money import ZERO, paise

AMOUNTS = ("tax", "shipping", "discountAmount")


def derive(values: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """Each item's total, the subtotal, and the total: subtotal - discount + tax + shipping."""
    if "items" not in values and not values.keys() & set(AMOUNTS):
        return {}
    current = facts.current or {}
    tax, shipping, discount = (_amount(values.get(name, current.get(name))) for name in AMOUNTS)
    if "items" in values:
        for item in values["items"]:
            item["total"] = paise(item["price"] * item["quantity"])
        subtotal = sum((item["total"] for item in values["items"]), ZERO)
    else:
        subtotal = _amount(current["subtotal"])
    if discount > subtotal:
        raise BrokenRules([("/discountAmount", "is more than the items are worth")])
    return {"subtotal": subtotal, "tax": tax, "shipping": shipping, "total": subtotal - discount + tax + shipping}


def _amount(given: Any) -> Decimal:
    return Decimal(str(given)) if given is not None else ZERO


RESOURCE = Resource(
    module="crm",
    name="orders",
    title="order",
    table="Order",
    alias=True,
    derive=derive,
    numbering=Numbering("orderNumber", numbering.ORDER),
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
