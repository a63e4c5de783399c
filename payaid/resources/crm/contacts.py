"""Contacts: people and companies that a tenant knows. A lead is a contact with stage `prospect`."""

from typing import Any

from payaid.catalogue import Action, Asked, Field, JobAsked, Kind, Outcome, Relation, Resource


def enrich(_values: dict[str, Any], asked: Asked) -> Outcome:
    """A job fills in what is missing; asked for twice before it starts, it is one."""
    contact = asked.current["id"]
    return Outcome(job=JobAsked("enrich", {"contactId": contact}, priority="low", dedupe=contact))


RESOURCE = Resource(
    module="crm",
    name="contacts",
    title="contact",
    table="Contact",
    alias=True,
    search="payaid.contact_search",
    actions=(Action("enrich", "Fill in what is missing of one contact, by an AI model", enrich),),
    fields=(
        Field("name", required=True, nullable=False, sort=True, max_length=200),
        Field("email", Kind.EMAIL, filter=True),
        Field("phone", Kind.PHONE, filter=True),
        Field("company", max_length=200),
        Field("type", Kind.CHOICE, nullable=False, filter=True, facet=True,
              choices=("customer", "lead", "vendor", "employee")),
        Field("stage", Kind.CHOICE, nullable=False, filter=True, facet=True,
              choices=("prospect", "contact", "customer")),
        Field("status", Kind.CHOICE, nullable=False, filter=True, facet=True,
              choices=("active", "inactive", "lost", "archived")),
        Field("source", max_length=100),
        Field("address", listed=False),
        Field("city", filter=True, max_length=100),
        Field("state", max_length=100),
        Field("postalCode", listed=False, max_length=20),
        Field("country", listed=False, max_length=100),
        Field("gstin", Kind.GSTIN, filter=True),
        Field("leadScore", Kind.NUMBER, nullable=False, filter=True, sort=True, minimum=0, maximum=100),
        Field("tags", Kind.TAGS, nullable=False),
        Field("notes", listed=False, max_length=10_000),
        Field("lastContactedAt", Kind.INSTANT, filter=True, sort=True),
        Field("nextFollowUp", Kind.INSTANT, filter=True, sort=True),
        Field("assignedToId", Kind.REFERENCE, filter=True, facet=True, refers_to="User"),
    ),
    relations=(
        Relation("deals", "deals", "contactId"),
        Relation("tasks", "tasks", "contactId"),
        Relation("invoices", "invoices", "customerId"),
        Relation("orders", "orders", "customerId"),
    ),
)  # fmt: skip
