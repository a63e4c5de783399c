"""The samples as they come in: the last few seconds, for the live view and for abort conditions."""

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from payaidctl.load.measure import Measures, Step, Unknown
from payaidctl.load.sample import RECORD, Sample, unpack
from payaidctl.load.threshold import Threshold

WINDOW_S = 5.0


class Tail:
    """Follows the sample files of a run; keeps what ended in the last few seconds, and counts all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offsets: dict[Path, int] = {}
        self.recent: deque[tuple[float, list[Sample]]] = deque()
        self.requests = 0

    def follow(self) -> None:
        """Read what was added."""
        now = time.monotonic()
        fresh: list[Sample] = []
        for path in self.folder.glob("samples-*.bin"):
            with path.open("rb") as file:
                file.seek(self.offsets.get(path, 0))
                data = file.read()
            whole = len(data) - len(data) % RECORD.size
            self.offsets[path] = self.offsets.get(path, 0) + whole
            fresh.extend(unpack(data[:whole]))
        self.requests += len(fresh)
        self.recent.append((now, fresh))
        while self.recent and now - self.recent[0][0] > WINDOW_S:
            self.recent.popleft()

    def measures(self, steps: Sequence[Step], users: int, noisy: int) -> Measures:
        """What the last seconds look like."""
        samples = [sample for _, batch in self.recent for sample in batch]
        return Measures(samples, steps, WINDOW_S, users, noisy, {}, {})


class Alarm:
    """Abort conditions: each must hold without a break for as long as it says."""

    def __init__(self, conditions: Sequence[Threshold]) -> None:
        self.since: dict[Threshold, float | None] = dict.fromkeys(conditions)

    def sounded(self, measures: Measures, now: float) -> str:
        """The condition that has held for its whole grace time, in words; empty if none has."""
        for condition, since in self.since.items():
            try:
                met = condition.holds(measures.get(condition.metric, condition.of))
            except Unknown:
                met = False
            if not met:
                self.since[condition] = None
            elif since is None:
                self.since[condition] = now
            elif now - since >= condition.grace_s:
                return condition.text
        return ""
