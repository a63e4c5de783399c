"""A person: what a scenario's users can do. This is the whole vocabulary of a file in `scenarios/`.

    from payaidctl.load.person import Person, Step, task

    class SalesRep(Person):
        CONTACTS = Step("contacts list", "list")

        @task(10)
        def browse(self) -> None:
            self.get(self.CONTACTS, "/api/v1/crm/contacts?status=active")

Each request waits for its turn: the time at which this person meant to send it, drawn ahead from the profile's think
time whether or not the server is slow. A late answer therefore makes the next request late, and is seen as such.
"""

import random
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

import gevent
import orjson
from locust import User, task
from locust.exception import StopUser

from payaidctl.load import check
from payaidctl.load.plan import Actor
from payaidctl.load.record import Recorder, cache_of
from payaidctl.load.sample import Wrong
from payaidctl.load.step import CHECKS, Step
from payaidctl.load.wire import Answer, Connection, decode

__all__ = ["Person", "Step", "task"]

EXPECTED = {"GET": (200, 304), "POST": (200, 201, 202), "PATCH": (200,), "PUT": (200,), "DELETE": (204,)}
REMEMBERED = 25


class Office:
    """What the people of one tenant know together, per process: rows that they saw, bodies that were checked."""

    def __init__(self) -> None:
        self.rows: dict[str, deque[str]] = {}
        self.checked: set[int] = set()

    def saw(self, collection: str, rows: list[Any]) -> None:
        """Fill the office's working set from the top of a page; later, a new row on top pushes the oldest out."""
        known = self.rows.setdefault(collection, deque(maxlen=REMEMBERED))
        for row in rows[: max(REMEMBERED - len(known), 1)]:
            if row["id"] not in known:
                known.append(row["id"])


class Person(User):
    """A virtual user. Subclasses declare `Step`s and `@task`s; the profile says how many of each there are."""

    abstract = True

    roles: ClassVar[tuple[str, ...]] = ("member", "manager", "admin", "owner")
    """Whom in the tenant this person may be, best first."""
    modules: ClassVar[tuple[str, ...]] = ("crm",)
    """The modules that the tenant must hold."""
    units: ClassVar[float] = 1.0
    """What the limiter charges for one of this person's requests on average."""
    encoding: ClassVar[str] = "gzip"
    """The Accept-Encoding that this person's client sends."""
    turns: ClassVar[float] = 1.0
    """Requests per turn of the profile's think time: 2 is twice as often."""

    recorder: ClassVar[Recorder]
    shown: ClassVar[bool] = False
    url: ClassVar[str]
    tag: ClassVar[str]
    timeout: ClassVar[float]
    think: ClassVar[tuple[float, float]]
    logins: ClassVar[float]
    paths: ClassVar[frozenset[str]]
    cast: ClassVar[Mapping[str, "deque[Actor]"]]
    offices: ClassVar[dict[int, Office]] = {}

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        # Whoever is taken goes to the end: a process that Locust deals more users than planned finds parts for them.
        parts = self.cast[type(self).__name__]
        self.actor = parts[0]
        parts.rotate(-1)
        self.office = self.offices.setdefault(self.actor.tenant, Office())
        self.connection = Connection(self.url, self.timeout)
        self.stamp = b""
        self._head = self._headers()
        self.due = time.monotonic() + random.uniform(0, sum(self.think) / 2 / self.turns)
        self.free_at = 0.0

    def _headers(self) -> bytes:
        default = 443 if self.connection.tls else 80
        port = "" if self.connection.port == default else f":{self.connection.port}"
        return (
            f" HTTP/1.1\r\nHost: {self.connection.host}{port}\r\nUser-Agent: payaidctl-loadtest\r\n"
            f"Accept: application/json\r\nAccept-Encoding: {self.encoding}\r\nX-Load-Run: {self.tag}\r\n"
            f"Authorization: Bearer {self.actor.secret}\r\n"
        ).encode()

    def get(self, step: Step, path: str, *, of: str = "") -> Any:
        """GET; `of` is the row that a detail must show. Returns the decoded answer, or None if it was wrong."""
        return self.request(step, "GET", path, asked=of)

    def post(self, step: Step, path: str, body: Any, *, asked: str = "") -> Any:
        """POST a JSON body."""
        return self.request(step, "POST", path, body, asked=asked)

    def patch(self, step: Step, path: str, body: Any, *, of: str = "") -> Any:
        """PATCH a JSON body."""
        return self.request(step, "PATCH", path, body, asked=of)

    def delete(self, step: Step, path: str) -> Any:
        """DELETE."""
        return self.request(step, "DELETE", path)

    def some(self, collection: str) -> str:
        """The id of a row that somebody of this tenant has seen, the newest most often; empty if nobody has."""
        rows = self.office.rows.get(collection)
        if not rows:
            return ""
        return rows[min(int(random.expovariate(0.15)), len(rows) - 1)]

    def offers(self, path: str) -> bool:
        """Whether the server says that it has this path."""
        return path in self.paths

    def wait_time(self) -> float:
        """Nothing between tasks: `request` waits for its turn."""
        return 0.0

    def pause(self) -> float:
        """Seconds to the next turn."""
        return random.uniform(*self.think) / self.turns

    def request(self, step: Step, method: str, path: str, body: Any = None, *, asked: str = "") -> Any:
        """Wait for the turn, send, check and record. Returns the JSON of a right answer that was new, else None."""
        due, overslept = self._turn()
        started = time.monotonic()
        answer: Answer | None = None
        document: Any = None
        self.recorder.in_flight[id(self)] = (due, started, step.index, self.actor.tenant)
        try:
            answer = self.connection.exchange(self._bytes(method, path, body))
            ended = time.monotonic()
            document, wrong, why = self._judge(step, method, answer, asked)
        except TimeoutError:
            ended, wrong, why = time.monotonic(), Wrong.TIMEOUT, f"no answer within {self.timeout:g} s"
        except (OSError, ValueError) as error:
            ended, wrong, why = time.monotonic(), Wrong.TRANSPORT, f"{type(error).__name__}: {error}"
        finally:
            self.recorder.in_flight.pop(id(self), None)
        self.free_at = ended
        status, cache = (answer.status, cache_of(answer.head)) if answer else (0, 0)
        self.recorder.add(due, started, ended, overslept, step, status, self.actor.tenant, wrong, cache)
        if wrong:
            self.recorder.mistake(step, path, status, wrong, why, answer)
        if self.shown:
            self._show(step, method, ended - started, answer, why if wrong else "")
        return document

    def _show(self, step: Step, method: str, took: float, answer: Answer | None, why: str) -> None:
        """Tell Locust, for its own page; only when somebody looks at it."""
        self.environment.events.request.fire(
            request_type=method, name=step.name, response_time=took * 1000, context={},
            response_length=len(answer.body) if answer else 0, exception=RuntimeError(why) if why else None,
        )  # fmt: skip

    def _turn(self) -> tuple[float, float]:
        """Sleep until the next request is due. Returns when that was, and how long the generator overslept."""
        due = self.due
        self.due = due + self.pause()
        ready = max(due, self.free_at)
        wait = ready - time.monotonic()
        if wait > 0:
            gevent.sleep(wait)  # type: ignore[no-untyped-call]
        if self.recorder.closed(due, self.actor.tenant):
            self.connection.close()
            raise StopUser
        # Without a wait the server was to blame for the lateness: the one before had only just been answered.
        return due, max(0.0, time.monotonic() - ready) if wait > 0 else 0.0

    def _bytes(self, method: str, path: str, body: Any) -> bytes:
        if body is None:
            return b"%s %s%s%s\r\n" % (method.encode(), path.encode(), self._head, self.stamp)
        payload = orjson.dumps(body)
        return b"%s %s%s%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
            method.encode(), path.encode(), self._head, self.stamp, len(payload), payload,
        )  # fmt: skip

    def _judge(self, step: Step, method: str, answer: Answer, asked: str) -> tuple[Any, Wrong, str]:
        if answer.status == 429:
            return None, Wrong.REFUSED, "refused by the rate limiter"
        if answer.status not in EXPECTED[method]:
            return None, Wrong.STATUS, f"status {answer.status}"
        if method != "GET" and (stamp := answer.header(b"x-payaid-stamp")):
            self.stamp = b"X-Payaid-Stamp: %s\r\n" % stamp.encode("latin-1")
        if answer.status in {204, 304}:
            return None, Wrong.NOTHING, ""
        return self._look(step, method, answer, asked)

    def _look(self, step: Step, method: str, answer: Answer, asked: str) -> tuple[Any, Wrong, str]:
        mark = hash((step.index, asked, answer.body))
        if method == "GET" and not step.read and mark in self.office.checked:
            return None, Wrong.NOTHING, ""
        try:
            document = check.parse(decode(answer)) if step.kind != "export" else None
        except ValueError as error:
            return None, Wrong.BODY, str(error)
        if wrong := CHECKS[step.kind](document, asked, self.actor.tenant_id):
            return None, Wrong.BODY, wrong
        if method == "GET":
            self.office.checked.add(mark)
            if step.collection and isinstance(document, dict) and "data" in document:
                self.office.saw(step.collection, document["data"])
        return document, Wrong.NOTHING, ""


def steps_of(person: type[Person]) -> list[Step]:
    """The steps that a scenario declares."""
    found: dict[str, Step] = {}
    for owner in reversed(person.__mro__):
        found.update({key: value for key, value in vars(owner).items() if isinstance(value, Step)})
    return list(found.values())
