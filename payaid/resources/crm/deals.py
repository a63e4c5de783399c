"""Deals: sales under way. A stage carries its usual probability unless the input gives one."""

from typing import Any

from payaid.catalogue import Action, Asked, Facts, Field, Kind, Outcome, Resource
from payaid.rules.broken import BrokenRules
from payaid.rules.gstin import state_code

PROBABILITY = {"lead": 10, "qualified": 25, "proposal": 50, "negotiation": 75, "won": 100, "lost": 0}


def derive(values: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """The stage's probability, where a stage is given without one; the day on which a deal was won or lost."""
    follows: dict[str, Any] = {}
    stage = values.get("stage")
    if stage and "probability" not in values:
        follows["probability"] = PROBABILITY[stage]
    if stage in {"won", "lost"} and "actualCloseDate" not in values:
        follows["actualCloseDate"] = facts.now
    return follows


def convert(values: dict[str, Any], asked: Asked) -> Outcome:
    """The deal is won, and becomes a draft invoice over its value, without GST, to its contact.

    Raises:
        BrokenRules: the deal is lost, or nobody knows the place of supply.
    """
    deal, contact = asked.current, asked.related["contactId"] or {}
    if deal["stage"] == "lost":
        raise BrokenRules([("/stage", "a lost deal does not become an invoice; reopen it first")])
    line = {
        "description": values.get("description") or deal["name"],
        "hsnCode": values.get("hsnCode"),
        "quantity": 1,
        "unitPrice": deal["value"],
        "gstRate": values["gstRate"],
    }
    invoice = {
        "dealId": deal["id"],
        "customerId": deal["contactId"],
        "customerName": contact.get("name"),
        "customerEmail": contact.get("email"),
        "customerGSTIN": contact.get("gstin"),
        "placeOfSupply": values.get("placeOfSupply") or _place(contact),
        "items": [line],
        "dueDate": values.get("dueDate"),
    }
    return Outcome(made=invoice, changes={} if deal["stage"] == "won" else {"stage": "won"})


def _place(contact: dict[str, Any]) -> str:
    """Where the customer is: the state of its registration, or of its address."""
    try:
        return state_code((contact.get("gstin") or "")[:2] or contact.get("state"))
    except ValueError as error:
        raise BrokenRules([("/placeOfSupply", f"is not given, and of the deal's contact {error}")]) from None


RESOURCE = Resource(
    module="crm",
    name="deals",
    title="deal",
    table="Deal",
    alias=True,
    search="payaid.deal_search",
    derive=derive,
    actions=(
        Action(
            "convert", "Make the invoice of one deal, which is won", convert, makes="invoices", reads=("contactId",),
            fields=(
                Field("gstRate", Kind.NUMBER, required=True, nullable=False, minimum=0, maximum=100, about="Percent."),
                Field("hsnCode", max_length=8),
                Field("description"),
                Field("placeOfSupply", max_length=2, about="Two-digit GST state code; else the contact's own."),
                Field("dueDate", Kind.INSTANT),
            ),
        ),
    ),
    fields=(
        Field("name", required=True, nullable=False, sort=True, max_length=200),
        Field("value", Kind.MONEY, required=True, nullable=False, filter=True, sort=True, minimum=0),
        Field("probability", Kind.NUMBER, nullable=False, filter=True, minimum=0, maximum=100),
        Field("stage", Kind.CHOICE, nullable=False, filter=True, facet=True, choices=tuple(PROBABILITY)),
        Field("expectedCloseDate", Kind.INSTANT, filter=True, sort=True),
        Field("actualCloseDate", Kind.INSTANT, filter=True),
        Field("lostReason", listed=False),
        Field("contactId", Kind.REFERENCE, filter=True, facet=True, refers_to="Contact"),
        Field("assignedToId", Kind.REFERENCE, filter=True, facet=True, refers_to="User"),
    ),
)  # fmt: skip
