"""Transcripts: a recording is uploaded, and a job turns it into text."""

from typing import Any

from payaid.catalogue import Action, Asked, JobAsked, Outcome

RECORDINGS = ("audio/mpeg", "audio/wav", "audio/mp4", "audio/webm", "audio/ogg")


def make(_values: dict[str, Any], asked: Asked) -> Outcome:
    """A job hears the recording."""
    return Outcome(job=JobAsked("transcribe", {"upload": asked.upload}, priority="low"))


ACTION = Action(
    "transcripts", "Turn a recording into text", make, alone="platform", cost=10, uploads=RECORDINGS
)  # fmt: skip
