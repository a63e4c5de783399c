"""The recorder: takes one sample per request inside a generator process, and hands them over once a second."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from payaidctl.load.sample import Cache, Wrong, pack
from payaidctl.load.step import Step
from payaidctl.load.wire import Answer

KEPT_PER_KIND = 10
NEVER = float("inf")
NO_STEP = 0xFFFF
STATUSES = {b"payaid-l1; hit": Cache.L1, b"payaid-l2; hit": Cache.L2}


def cache_of(head: bytes) -> Cache:
    """What the Cache-Status header says; the last word belongs to the cache nearest to us."""
    at = head.find(b"ache-")
    while at >= 0 and head[at + 5 : at + 12].lower() != b"status:":
        at = head.find(b"ache-", at + 5)
    if at < 0:
        return Cache.SILENT
    value = head[at + 12 : (head.find(b"\r\n", at) + 1 or len(head) + 1) - 1].strip()
    if value in STATUSES:
        return STATUSES[value]
    if b"fwd=stale" in value:
        return Cache.STALE
    if b"fwd=bypass" in value:
        return Cache.BYPASS
    return Cache.MISS if b"fwd=" in value else Cache.L2 if b"hit" in value else Cache.SILENT


class Recorder:
    """Samples and mistakes of one process since they were last taken. Its clock is monotonic, anchored once."""

    def __init__(self) -> None:
        self.anchor = time.time() - time.monotonic()
        self.ends_at = NEVER
        self.samples = bytearray()
        self.mistakes: list[str] = []
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.in_flight: dict[int, tuple[float, float, int, int]] = {}
        self.broken: list[str] = []
        self.limits: list[str] = []

    def micros(self, moment: float) -> int:
        """A monotonic moment as microseconds since 1970."""
        return int((moment + self.anchor) * 1_000_000)

    def closed(self, due: float, tenant: int) -> bool:
        """Whether the run is over for a request that was due then.

        One that was due inside the plateau and could not be sent, because its user was still waiting for the answer
        before, counts as never answered: to forget it would flatter a server that hung.
        """
        if self.ends_at == NEVER:
            return False
        now = time.monotonic()
        if due < self.ends_at <= now:
            late = int((now - due) * 1_000_000)
            self.samples += pack(self.micros(due), late, 0, 0, NO_STEP, 0, tenant, Wrong.UNSENT, 0)
        return now >= self.ends_at

    def add(
        self, due: float, started: float, ended: float, overslept: float, step: Step, status: int, tenant: int,
        wrong: int, cache: int,
    ) -> None:  # fmt: skip
        """Take one sample."""
        self.samples += pack(
            int((due + self.anchor) * 1_000_000), int((started - due) * 1_000_000), int(overslept * 1_000_000),
            int((ended - started) * 1_000_000), step.index, status, tenant, wrong, cache,
        )  # fmt: skip

    def mistake(self, step: Step, path: str, status: int, wrong: Wrong, why: str, answer: Answer | None) -> None:
        """Keep the first few of each kind of mistake, with what the server said."""
        kind = (step.name, why)
        self.kinds[kind] += 1
        if self.kinds[kind] > KEPT_PER_KIND:
            return
        self.mistakes.append(json.dumps(told(step.name, path, status, wrong, why, answer) | {"at": time.time()}))

    def limit(self, sent: float, ended: float, status: int, retry_after: str, waited: bool) -> None:
        """What the rate limiter told the noisy tenant; `waited`: the caller had waited for as long as it was told."""
        note = {"sent": sent + self.anchor, "ended": ended + self.anchor, "status": status}
        self.limits.append(json.dumps(note | {"retryAfter": retry_after, "waited": waited}))

    def abandon(self) -> None:
        """Requests that never came back count as timeouts of as long as they have lasted."""
        now = time.monotonic()
        for due, started, step, tenant in self.in_flight.values():
            late, took = int((started - due) * 1e6), int((now - started) * 1e6)
            self.samples += pack(self.micros(due), late, 0, took, step, 0, tenant, Wrong.TIMEOUT, 0)
        self.in_flight.clear()

    def take(self) -> "Taken":
        """What was recorded since the last time."""
        taken = Taken(bytes(self.samples), self.mistakes, self.limits, self.broken)
        self.samples, self.mistakes, self.limits, self.broken = bytearray(), [], [], []
        return taken


class Taken(NamedTuple):
    """One second's harvest: samples, mistakes and limiter notes as JSON lines, faults of the scenarios themselves."""

    samples: bytes
    mistakes: list[str]
    limits: list[str]
    broken: list[str]

    def write(self, folder: Path, worker: str) -> None:
        """Append it to the worker's files in the run's folder."""
        for name, data in (
            (f"samples-{worker}.bin", self.samples),
            (f"mistakes-{worker}.jsonl", lines(self.mistakes)),
            (f"limits-{worker}.jsonl", lines(self.limits)),
            (f"broken-{worker}.txt", lines(self.broken)),
        ):
            if data:
                with (folder / name).open("ab") as file:
                    file.write(data)


def lines(texts: list[str]) -> bytes:
    """One text a line."""
    return "".join(f"{text}\n" for text in texts).encode()


def told(name: str, path: str, status: int, wrong: Wrong, why: str, answer: Answer | None) -> dict[str, Any]:
    """One mistake as a record: enough to find it in the server's log."""
    record: dict[str, Any] = {"name": name, "path": path, "status": status, "wrong": wrong.name.lower(), "why": why}
    if answer:
        record["request"] = answer.header(b"x-request-id")
        record["instance"] = answer.header(b"x-instance")
        coded = answer.header(b"content-encoding")
        record["body"] = (
            f"({len(answer.body)} bytes, {coded})" if coded else answer.body[:300].decode("utf-8", "replace")
        )
    return record
