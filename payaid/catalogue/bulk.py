"""The two verbs that every resource has: export all of it, and import rows into it."""

from typing import Any

from payaid.catalogue.action import Action, Asked, JobAsked, Outcome, Row
from payaid.catalogue.field import Field, Kind

FORMATS = ("csv", "json", "xlsx")
MODES = ("skip-bad", "all-or-nothing")
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export(path: str, columns: tuple[str, ...]) -> Action:
    """`POST {collection}/export`: a file of all rows that the filters let through."""

    def rule(values: Row, _asked: Asked) -> Outcome:
        payload: dict[str, Any] = {"format": "csv", "filters": {}, "fields": None, **values, "resource": path}
        return Outcome(job=JobAsked("export", payload, priority="low"))

    return Action(
        "export", f"Export {path.partition('/')[2]} into a file, to be downloaded by a link", rule,
        on_item=False, grant="read", cost=10,
        fields=(
            Field("format", Kind.CHOICE, nullable=False, choices=FORMATS),
            Field("filters", Kind.FILTERS, nullable=False,
                  about="As in the query of a list: {\"status\": \"active,lost\", \"createdAt.gte\": \"2026-04-01\"}."),
            Field("fields", Kind.COLUMNS, choices=columns, about="Columns; all of them where it is not given."),
        ),
    )  # fmt: skip


def load(path: str) -> Action:
    """`POST {collection}/import`: rows from a table; those with an id change, the others are made."""

    def rule(values: Row, asked: Asked) -> Outcome:
        payload = {"mode": MODES[0], **values, "resource": path, "upload": asked.upload}
        return Outcome(job=JobAsked("bulk_import", payload, priority="low"))

    return Action(
        "import", f"Import {path.partition('/')[2]} from a table (CSV or XLSX), whose first row names the fields", rule,
        on_item=False, cost=10, uploads=(CSV, XLSX),
        fields=(
            Field("mode", Kind.CHOICE, nullable=False, choices=MODES,
                  about="What bad rows mean: they are left out, or nothing is done."),
        ),
    )  # fmt: skip
