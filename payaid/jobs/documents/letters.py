"""What the mails about an invoice say: values for templates/mail/invoice and templates/mail/payment-reminder."""

from datetime import date
from typing import Any

from payaid.jobs.documents.billed import Billed
from payaid.jobs.documents.invoice import day
from payaid.rules.money import inr
from payaid.rules.periods import indian_date


def invoice_values(found: Billed, message: str = "") -> dict[str, Any]:
    """For the mail that brings the invoice."""
    invoice, supplier = found.invoice, found.supplier
    return {
        "organisation": supplier["name"],
        "contact": [text for text in (supplier["phone"], supplier["email"]) if text],
        "name": invoice["customerName"] or (found.customer or {}).get("name") or "",
        "number": invoice["invoiceNumber"],
        "date": day(invoice["invoiceDate"]),
        "due": day(invoice["dueDate"]) if invoice["dueDate"] else "",
        "amount": inr(invoice["total"]),
        "paid": invoice["status"] == "paid",
        "message": [line for line in message.splitlines() if line.strip()],
    }


def reminder_values(found: Billed, today: date) -> dict[str, Any]:
    """For the mail that asks for its payment."""
    late = (today - indian_date(found.invoice["dueDate"])).days
    return invoice_values(found) | {"late": f"{late} day" + ("" if late == 1 else "s")}
