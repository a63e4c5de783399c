"""Deals: sales under way. A stage carries its usual probability unless the input gives one."""

from collections.abc import Mapping
from typing import Any

from payaid.catalogue import Field, Kind, Resource

PROBABILITY = {"lead": 10, "qualified": 25, "proposal": 50, "negotiation": 75, "won": 100, "lost": 0}


def derive(values: dict[str, Any], _tenant: Mapping[str, Any]) -> dict[str, Any]:
    """The stage's probability, where a stage is given without one."""
    if "stage" in values and "probability" not in values:
        return {"probability": PROBABILITY[values["stage"]]}
    return {}


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
