"""Reports: figures of a module over a period, made by a job, fetched as a PDF or a spreadsheet."""

from typing import Any

from payaid.catalogue import Action, Asked, Field, JobAsked, Kind, Outcome
from payaid.rules.broken import BrokenRules
from payaid.rules.periods import period

# Whose figures they are, and whether they are of a period or of today.
REPORTS = {"sales-pipeline": ("crm", True), "gst-summary": ("finance", True), "receivables-ageing": ("finance", False)}


def make(values: dict[str, Any], _asked: Asked) -> Outcome:
    """A job makes the report; asked for twice before it starts, it is one.

    Raises:
        BrokenRules: the period is missing, none, or not wanted.
    """
    name, over = values["report"], values.get("period")
    module, periodic = REPORTS[name]
    if over and not periodic:
        raise BrokenRules([("/period", "this report is about today")])
    if periodic and not over:
        raise BrokenRules([("/period", "is not given: 2026-10, FY2026-27 or FY2026-27-Q1")])
    if over:
        try:
            period(over)
        except ValueError as error:
            raise BrokenRules([("/period", str(error))]) from None
    payload = {"report": name, "format": values["format"], "period": over}
    key = f"{name}/{values['format']}/{over or ''}"
    return Outcome(job=JobAsked("report", payload, dedupe=key), needs=f"{module}:read")


ACTION = Action(
    "reports", "Make a report", make, alone="platform", grant="read", cost=10,
    fields=(
        Field("report", Kind.CHOICE, required=True, nullable=False, choices=tuple(REPORTS)),
        Field("format", Kind.CHOICE, required=True, nullable=False, choices=("pdf", "xlsx")),
        Field("period", max_length=20, about="A month (2026-10), a financial year (FY2026-27) or its quarter (-Q1)."),
    ),
)  # fmt: skip
