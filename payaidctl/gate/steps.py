"""The gate's steps, in their order. Each calls what a person would call, and answers in one line."""

import time
from collections.abc import Callable

from payaidctl import target as targets
from payaidctl.finding import Status
from payaidctl.gate import bring, front
from payaidctl.gate.step import Gate, Outcome, Say, Step

READY_WITHIN_S = 30.0
FIGURES = {"loadtest.p95": "p95", "loadtest.errors": "errors", "loadtest.hit-rate": "hit rate"}


def data(gate: Gate, say: Say) -> Outcome:
    """Databases, cache and queue."""
    line = bring.start(("data",), say)
    gate.target = targets.local_stack()
    return Outcome(Status.PASS, line)


def service(gate: Gate, say: Say) -> Outcome:
    """The API and the worker, and then wait until the API says that it is ready."""
    line = bring.start(("service",), say)
    gate.target = targets.local_stack()
    deadline = time.monotonic() + READY_WITHIN_S
    answer = front.run(("ping", "api", *gate.target_options), say)
    while answer.exit_status and time.monotonic() < deadline:
        time.sleep(0.25)
        answer = front.run(("ping", "api", *gate.target_options), say)
    return answer.outcome(f"{line}; API at {gate.target.get('API_URL')}")


def command(*words: str, writes: bool = False) -> Callable[[Gate, Say], Outcome]:
    """A step that is another command as it stands."""

    def work(gate: Gate, say: Say) -> Outcome:
        consent = ("--yes",) if writes and gate.yes else ()
        return front.run((*words, *gate.target_options, *consent), say).outcome()

    return work


def migrate(gate: Gate, say: Say) -> Outcome:
    """The schema, where something is missing."""
    answer = front.run(("migrate", *gate.target_options), say)
    applied = sum(one["observed"].startswith("applied") for one in answer.findings)
    return answer.outcome(f"{applied} migrations applied" if applied else "nothing to do")


def load(gate: Gate, say: Say) -> Outcome:
    """The profile's load test, with its own figures as the line."""
    consent = ("--yes",) if gate.yes else ()
    answer = front.run(("loadtest", gate.load, *gate.target_options, *consent), say)
    told = {one["id"]: one["observed"] for one in answer.findings}
    figures = [f"{name} {told[identifier]}" for identifier, name in FIGURES.items() if identifier in told]
    return answer.outcome(", ".join(figures))


STEPS = (
    Step("up", "databases, cache, queue", data, embedded=True),
    Step("migrate", "schema", migrate, ("up",), embedded=True),
    Step("seed", "sample data", command("seed"), ("migrate",), embedded=True),
    Step("create-indexes", "roadmap and service sets", command("create-indexes", "--set", "all"), ("migrate",), True),
    Step("start", "API and worker", service, ("migrate",), embedded=True),
    Step("verify-indexes", "the 11, by definition and use", command("verify-indexes"), ("migrate",)),
    Step("check-env", "settings, in value and effect", command("check-env"), ("start",)),
    Step("ping", "every part", command("ping"), ("start",)),
    Step("warm", "what requests will read", command("warm"), ("start", "seed"), embedded=True),
    Step("loadtest", "users at once, judged by samples", load, ("start", "seed")),
)
NAMES = (*(step.name for step in STEPS), "readiness")
