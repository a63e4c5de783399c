"""One tenant far over its limit, judged apart: is the limiter exact, honest about waiting, and fair to the others?"""

import math
import time
from typing import Any

import gevent

from payaidctl.load.person import Person, Step, task
from payaidctl.load.sample import Wrong
from payaidctl.load.wire import Answer


class Noisy(Person):
    """Asks three times a second. Three in four wait when they are told to; every fourth goes on regardless."""

    born = 0

    POUND = Step("noisy tenant", "noisy")

    def on_start(self) -> None:
        """Decide who is polite."""
        Noisy.born += 1
        self.polite = Noisy.born % 4 != 0
        self.waited = False
        self.refusal = 0.0

    def pause(self) -> float:
        """Whatever the profile's think time is."""
        return 0.3

    @task
    def pound(self) -> None:
        """Ask; after a refusal, wait for as long as the answer said (the polite ones)."""
        self.get(self.POUND, "/api/v1/crm/contacts?limit=10")
        if self.refusal:
            gevent.sleep(self.refusal if self.polite else 1.0)
            self.waited, self.refusal = self.polite, 0.0
            self.due = time.monotonic()

    def _judge(self, step: Step, method: str, answer: Answer, asked: str) -> tuple[Any, Wrong, str]:
        ended = time.monotonic()
        sent = self.recorder.in_flight[id(self)][1]
        told = answer.header(b"retry-after")
        self.recorder.limit(sent, ended, answer.status, told, self.waited)
        self.waited = False
        if answer.status == 429:
            self.refusal = float(told) if told.isdigit() and not math.isclose(float(told), 0) else 1.0
        return super()._judge(step, method, answer, asked)
