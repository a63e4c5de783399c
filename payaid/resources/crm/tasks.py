"""Tasks: what somebody has to do, by when."""

from payaid.catalogue import Field, Kind, Resource

RESOURCE = Resource(
    module="crm",
    name="tasks",
    title="task",
    table="Task",
    alias=True,
    fields=(
        Field("title", required=True, nullable=False, max_length=200),
        Field("description", listed=False, max_length=10_000),
        Field("priority", Kind.CHOICE, nullable=False, filter=True, choices=("low", "medium", "high")),
        Field("status", Kind.CHOICE, nullable=False, filter=True, facet=True,
              choices=("pending", "in_progress", "completed", "cancelled")),
        Field("dueDate", Kind.INSTANT, filter=True, sort=True),
        Field("completedAt", Kind.INSTANT),
        Field("module", nullable=False, filter=True, max_length=50),
        Field("contactId", Kind.REFERENCE, filter=True, facet=True, refers_to="Contact"),
        Field("assignedToId", Kind.REFERENCE, filter=True, facet=True, refers_to="User"),
    ),
)  # fmt: skip
