"""Images: a job has a picture drawn from words."""

from typing import Any

from payaid.catalogue import Action, Asked, Field, JobAsked, Kind, Outcome

SIZES = ("1024x1024", "1536x1024", "1024x1536")


def make(values: dict[str, Any], _asked: Asked) -> Outcome:
    """A job has it drawn."""
    return Outcome(job=JobAsked("image", {"size": SIZES[0], **values}, priority="low"))


ACTION = Action(
    "images", "Have a picture drawn from words", make, alone="platform", cost=10,
    fields=(
        Field("prompt", required=True, nullable=False, max_length=2000),
        Field("size", Kind.CHOICE, nullable=False, choices=SIZES),
    ),
)  # fmt: skip
