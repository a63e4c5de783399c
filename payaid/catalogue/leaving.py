"""What will go, and when."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Leaving:
    """Deprecated `since` a day, gone `until` another where that is known; `successor` is the path to use instead."""

    since: date
    until: date | None = None
    successor: str = ""

    def __post_init__(self) -> None:
        """Refuse what would go before it was announced."""
        if self.until and self.until <= self.since:
            raise ValueError(f"leaving: gone on {self.until}, and not deprecated before {self.since}")
