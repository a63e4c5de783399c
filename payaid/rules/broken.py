"""How a rule says that the input breaks it: every mistake at once, each with a pointer to where it is."""

from collections.abc import Sequence


class BrokenRules(ValueError):
    """The input breaks rules. `mistakes` holds (JSON pointer, what is wrong), all of them."""

    def __init__(self, mistakes: Sequence[tuple[str, str]]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("; ".join(f"{pointer}: {what}" for pointer, what in mistakes))
