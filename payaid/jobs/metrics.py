"""The worker's figures; its file in RUN_DIR/metrics (telemetry.exposition) is what the API's /metrics passes on."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from payaid import observe
from payaid.observe import JobEnded, JobStarted

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Meter:
    """One worker process's figures; every sample names it in the label `worker`."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.registry = CollectorRegistry()
        given: dict[str, Any] = {"registry": self.registry}
        self._ended = Counter("payaid_jobs", "Attempts ended.", ["task", "outcome", "worker"], **given)
        self._seconds = Histogram(
            "payaid_job_seconds", "Length of an attempt.", ["task", "worker"], buckets=SECONDS, **given
        )
        self._lag = Histogram(
            "payaid_job_start_seconds",
            "From the time a job was due to its first start.",
            ["task", "worker"],
            buckets=SECONDS,
            **given,
        )
        self._jobs = Gauge("payaid_jobs_now", "Jobs in the table.", ["task", "state", "worker"], **given)
        self._oldest = Gauge("payaid_jobs_oldest_seconds", "Age of the oldest.", ["task", "state", "worker"], **given)
        self._running = Gauge("payaid_jobs_running", "Attempts running here.", ["worker"], **given)
        self._restored = Gauge("payaid_jobs_restored", "Jobs added to Redis again.", ["worker"], **given)
        born = Gauge("payaid_process_start_seconds", "Start, as Unix time.", ["worker"], **given)
        born.labels(worker).set(time.time())

    def listen(self) -> None:
        """Interpret the facts of jobs from now on."""
        observe.subscribe(JobStarted, self._started)
        observe.subscribe(JobEnded, self._finished)

    def _started(self, fact: JobStarted) -> None:
        if fact.first:  # only a first attempt says how long the job waited
            self._lag.labels(fact.task, self.worker).observe(max(0.0, fact.lag_s))

    def _finished(self, fact: JobEnded) -> None:
        self._ended.labels(fact.task, fact.outcome, self.worker).inc()
        self._seconds.labels(fact.task, self.worker).observe(fact.seconds)

    def count(self, census: Iterable[Mapping[str, Any]]) -> None:
        """What the table holds now; states that have emptied disappear."""
        self._jobs.clear()
        self._oldest.clear()
        for row in census:
            self._jobs.labels(row["task"], row["state"], self.worker).set(row["jobs"])
            self._oldest.labels(row["task"], row["state"], self.worker).set(max(0.0, row["oldest_s"] or 0.0))

    def report(self, running: int, restored: int) -> bytes:
        """The exposition text."""
        self._running.labels(self.worker).set(running)
        self._restored.labels(self.worker).set(restored)
        return generate_latest(self.registry)
