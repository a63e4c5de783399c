"""Deals: sales under way. A stage carries its usual probability unless the input gives one."""

from typing import Any

from payaid.catalogue import Facts, Field, Kind, Resource

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


RESOURCE = Resource(
    module="crm",
    name="deals",
    title="deal",
    table="Deal",
    alias=True,
    search="payaid.deal_search",
    derive=derive,
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
)
