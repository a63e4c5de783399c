"""An invoice as it is printed (rule 46 of the CGST Rules): every figure is the row's own, none is worked out anew."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from payaid.rules.gstin import STATES, state_code
from payaid.rules.money import ZERO, inr
from payaid.rules.periods import indian_date
from payaid.rules.words import rupees_in_words

Row = Mapping[str, Any]
WATERMARKS = {"draft": "DRAFT", "cancelled": "CANCELLED"}
COPIES = {"draft": "Draft, for approval: not a tax document", "cancelled": "Cancelled: of no effect"}
TAXES = ("cgst", "sgst", "igst")


def sheet(invoice: Row, supplier: Row, customer: Row | None) -> dict[str, Any]:
    """What the template prints. `invoice`, `supplier` (the tenant) and `customer` (the contact, if any) are rows of
    the tables; money is Decimal, instants carry their zone.
    """
    items = [_item(place, one) for place, one in enumerate(invoice["items"], start=1)]
    return {
        "title": _title(invoice, supplier),
        "watermark": WATERMARKS.get(invoice["status"], ""),
        "number": invoice["invoiceNumber"] or "(no number yet)",
        "copy": COPIES.get(invoice["status"], "Original for recipient"),
        "dates": _dates(invoice),
        "supplier": _party(supplier, invoice["supplierGSTIN"] or supplier["gstin"]),
        "buyer": _party(_buyer(invoice, customer or {}), invoice["customerGSTIN"]),
        "placeOfSupply": _state(invoice["placeOfSupply"]),
        "interState": invoice["isInterState"],
        "reverseCharge": invoice["reverseCharge"],
        "discounted": any(Decimal(one["discount"] or 0) for one in invoice["items"]),
        "items": items,
        "summary": _summary(invoice["items"]),
        "totals": _totals(invoice),
        "total": inr(invoice["total"]),
        "words": rupees_in_words(invoice["total"]),
        "notes": _lines(invoice["notes"]),
        "terms": _lines(invoice["termsAndConditions"]),
        "paid": f"Paid on {day(invoice['paidAt'])}" if invoice["status"] == "paid" else "",
    }


def day(moment: datetime) -> str:
    """The Indian calendar's day: 1 April 2026."""
    date = indian_date(moment)
    return f"{date.day} {date:%B %Y}"


def _title(invoice: Row, supplier: Row) -> str:
    """Exempt supplies alone are billed by a bill of supply; who is not registered makes no tax invoice."""
    if not (invoice["supplierGSTIN"] or supplier["gstin"]):
        return "Invoice"
    taxable = any((one.get("treatment") or "taxable") == "taxable" for one in invoice["items"])
    return "Tax Invoice" if taxable else "Bill of Supply"


def _dates(invoice: Row) -> list[list[str]]:
    dates = [["Invoice date", day(invoice["invoiceDate"])]]
    return [*dates, ["Due date", day(invoice["dueDate"])]] if invoice["dueDate"] else dates


def _buyer(invoice: Row, customer: Row) -> Row:
    """Who is billed: what the invoice says of it, and where it says nothing, its contact."""
    names = {"name": "Name", "address": "Address", "city": "City", "state": "State", "postalCode": "PostalCode",
             "phone": "Phone", "email": "Email"}  # fmt: skip
    if any(invoice[f"customer{names[part]}"] for part in ("address", "city", "state")):
        customer = {}  # one address or the other, never half of each
    return {name: invoice[f"customer{column}"] or customer.get(name) for name, column in names.items()}


def _party(party: Row, gstin: str | None) -> dict[str, Any]:
    place = " ".join(part for part in (party["city"], party["postalCode"]) if part)
    return {
        "name": party["name"] or "",
        "address": [*_lines(party["address"]), *([place] if place else [])],
        "gstin": gstin or "",
        "state": _state((gstin or "")[:2] or party["state"]),
        "contact": [text for text in (party["phone"], party["email"]) if text],
    }


def _state(text: str | None) -> str:
    """Maharashtra (27), as far as it is known."""
    try:
        code = state_code(text)
    except ValueError:
        return text or ""
    return f"{STATES[code]} ({code})"


def _item(place: int, item: Row) -> dict[str, Any]:
    return {
        "place": str(place),
        "description": item.get("description") or "",
        "hsn": item.get("hsnCode") or "",
        "quantity": str(item["quantity"]),
        "rate": _rate(item),
        "halfRate": _rate(item, 2),
    } | {name: _amount(item.get(name)) for name in ("unitPrice", "discount", "taxableValue", *TAXES, "total")}


def _rate(item: Row, parts: int = 1) -> str:
    treatment = item.get("treatment") or "taxable"
    if treatment != "taxable":
        return {"exempt": "exempt", "non_gst": "no GST"}[treatment]
    rate = Decimal(str(item["gstRate"])) / parts
    return f"{rate.normalize():f}%"


def _summary(items: Iterable[Row]) -> list[dict[str, str]]:
    """One line for each HSN code and rate, in the order in which they first appear."""
    sums: dict[tuple[str, str, str], dict[str, Decimal]] = {}
    for item in items:
        key = (item.get("hsnCode") or "", _rate(item), _rate(item, 2))
        line = sums.setdefault(key, dict.fromkeys(("taxableValue", *TAXES), ZERO))
        for name in line:
            line[name] += Decimal(str(item.get(name) or 0))
    return [
        {"hsn": hsn, "rate": rate, "halfRate": half, "tax": inr(sum((line[tax] for tax in TAXES), ZERO), symbol="")}
        | {name: inr(amount, symbol="") for name, amount in line.items()}
        for (hsn, rate, half), line in sums.items()
    ]


def _totals(invoice: Row) -> list[list[str]]:
    rows = [("Subtotal", invoice["subtotal"])]
    if invoice["discount"]:
        rows += [("Discount", -invoice["discount"]), ("Taxable value", invoice["subtotal"] - invoice["discount"])]
    rows += [("IGST", invoice["igst"])] if invoice["isInterState"] else []
    rows += [] if invoice["isInterState"] else [("CGST", invoice["cgst"]), ("SGST", invoice["sgst"])]
    if invoice["reverseCharge"]:
        rows.append(("Less tax payable by the recipient", -invoice["tax"]))
    if invoice["roundOff"]:
        rows.append(("Round-off", invoice["roundOff"]))
    return [[label, _amount(amount)] for label, amount in rows]


def _amount(value: Any) -> str:
    return inr(Decimal(str(value or 0)), symbol="")


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
