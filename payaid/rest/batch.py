"""Several requests in one: run in parallel, each identified, charged, authorised, cached and answered on its own."""

import asyncio
import string
import time
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote

import orjson
from pydantic import BaseModel, ConfigDict, Field

from payaid.asgi import KEY, App, Message, Scope, call_of
from payaid.call import Call
from payaid.errors import DeadlineExceeded, Invalid, PayaidError, TooManyRequests
from payaid.limits.limiter import Limiter
from payaid.principal import Principal
from payaid.rest.body import parse_json, validated
from payaid.rest.reply import Reply
from payaid.rules.tiers import BUDGETS

MOST = 20
PATH = "/api/v1/batch"
FILES = "/api/v1/files/"
# Of a batch's time its items have this share: what they came to must still be told.
SHARE = 0.9
# What an item inherits, beside its caller's address; whatever else the batch was sent with was meant for the batch.
INHERITED = {b"authorization", b"x-load-run", b"user-agent", b"traceparent"}
# What an item's answer says of the connection, not of the item.
DROPPED = {"content-length", "content-type", "vary"}


class Item(BaseModel):
    """One request. `id` defaults to its place, from 0."""

    model_config = ConfigDict(extra="forbid")
    path: Annotated[str, Field(pattern=r"^/api/v1/\S+$", max_length=2048)]
    method: Literal["GET", "POST", "PATCH", "DELETE"] = "GET"
    body: Any = None
    id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    headers: dict[Literal["Idempotency-Key", "If-Match", "If-None-Match"], str] = Field(default_factory=dict)
    dependsOn: Annotated[list[str], Field(max_length=MOST)] = Field(default_factory=list)  # noqa: N815  # the API's name


class Batch(BaseModel):
    """Up to 20 requests."""

    model_config = ConfigDict(extra="forbid")
    requests: Annotated[list[Item], Field(min_length=1, max_length=MOST)]


class FailedDependency(PayaidError):
    """A request that this one depends on did not succeed, so this one was not sent."""

    status = 424
    code = "failed-dependency"
    title = "A request that this one depends on failed"
    advice = "Look at the dependency's own answer."


class Batches:
    """POST /api/v1/batch. `app` is the whole chain: an item takes the same way as a request by itself."""

    def __init__(self, limiter: Limiter, *, enforced: bool) -> None:
        self.app: App | None = None
        self._limiter = limiter
        self._leaving: set[asyncio.Task[dict[str, Any]]] = set()
        self._enforced = enforced

    async def run(self, call: Call) -> Reply:
        """Run the items as soon as what they depend on has succeeded; answer in the order of the requests.

        What is not done in time is a 504 of its own: the others have happened, and their answers are given.
        """
        try:
            given = validated(Batch, parse_json(call.header(b"content-type"), call.body))
            items = dict(_named(given["requests"]))
            _check_order(items)
        except PayaidError:
            # A batch is charged by its items, and this one has none.
            await self._charge(call.who())
            raise
        sent: dict[str, Scope] = {}
        tasks: dict[str, asyncio.Task[dict[str, Any]]] = {}
        for name, item in items.items():
            tasks[name] = asyncio.create_task(self._item(call, name, item, tasks, sent))
        try:
            await asyncio.wait(tasks.values(), timeout=SHARE * (call.ends - time.perf_counter()))
        finally:
            for name, task in tasks.items():
                if not task.done():
                    self._leave(task, sent.get(name))
        results = [
            {"id": name, **(_late(items[name], sent=name in sent) if _unanswered(task) else task.result())}
            for name, task in tasks.items()
        ]
        return Reply(200, orjson.dumps({"results": results}))

    def _leave(self, task: asyncio.Task[dict[str, Any]], scope: Scope | None) -> None:
        """Its time is over: it ends by itself, and nobody waits for that, since a lost server may take its time."""
        if scope and KEY in scope:
            call_of(scope).status = DeadlineExceeded.status  # what its caller is told
        task.cancel()
        self._leaving.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[dict[str, Any]]) -> None:
        self._leaving.discard(task)
        if not task.cancelled():
            task.exception()  # it was answered already

    async def _charge(self, who: Principal) -> None:
        if self._enforced and not (ruling := await self._limiter.admit(who.tenant_id, BUDGETS[who.tier])).admitted:
            why = f"The budget of your plan {who.tier} is spent; it is renewed in {ruling.retry_after_s} s."
            raise TooManyRequests(why, headers={"Retry-After": str(ruling.retry_after_s)})

    async def _item(
        self,
        call: Call,
        name: str,
        item: Mapping[str, Any],
        tasks: Mapping[str, asyncio.Task[dict[str, Any]]],
        sent: dict[str, Scope],
    ) -> dict[str, Any]:
        # The tasks of one loop iteration are all made before the first of them runs.
        before = [await tasks[one] for one in item["dependsOn"]]
        failed = [one for one, done in zip(item["dependsOn"], before, strict=True) if done["status"] >= 400]
        if failed:
            return _told(FailedDependency(f"{', '.join(failed)} did not succeed, so {name} was not sent."), item)
        stamps = [done["headers"]["x-payaid-stamp"] for done in before if "x-payaid-stamp" in done["headers"]]
        sent[name] = _scope(call, name, item, stamps)
        return await self._send(sent[name], item["body"])

    async def _send(self, scope: Scope, payload: bytes) -> dict[str, Any]:
        status, headers, parts = 0, {}, []

        async def receive() -> Message:
            return {"type": "http.request", "body": payload, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {key.decode(): value.decode() for key, value in message["headers"]}
            else:
                parts.append(message.get("body", b""))

        if self.app is None:
            raise LookupError("the batch endpoint was not given the chain")
        await self.app(scope, receive, send)
        kept = {key: value for key, value in headers.items() if key not in DROPPED}
        # What Postgres wrote goes in as it is: it is JSON already.
        raw = b"".join(parts)
        return {"status": status, "headers": kept, "body": orjson.Fragment(raw) if raw else None}


def _unanswered(task: asyncio.Task[dict[str, Any]]) -> bool:
    """Is it late, or did something that it waited for end before it?"""
    return not task.done() or task.cancelled()


def _named(items: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    defaults: dict[str, Any] = {"method": "GET", "headers": {}, "dependsOn": []}
    named: dict[str, dict[str, Any]] = {}
    for place, item in enumerate(items):
        name = item.get("id") or str(place)
        if name in named:
            raise _wrong(f"/requests/{place}/id", f"{name} is taken by another request")
        path, _, query = item["path"].partition("?")
        # As the server does it for a request by itself; and a query may stand here unencoded, being JSON.
        path, query = unquote(path), quote(query, safe=string.punctuation)
        if path == PATH:
            raise _wrong(f"/requests/{place}/path", "a batch cannot hold a batch")
        if path.startswith(FILES):
            raise _wrong(f"/requests/{place}/path", "a batch cannot hold a file")
        body = item.get("body")
        try:
            sent = b"" if body is None else orjson.dumps(body)
        except TypeError:
            raise _wrong(f"/requests/{place}/body", "is nested too deeply") from None
        named[name] = {**defaults, **item, "path": path, "query": query, "body": sent}
    return list(named.items())


def _told(problem: PayaidError, item: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": problem.status, "headers": {}, "body": problem.problem(item["path"])}


def _late(item: Mapping[str, Any], *, sent: bool) -> dict[str, Any]:
    far = "this request was done." if sent else "this request was sent; nothing was done."
    return _told(DeadlineExceeded(f"The batch's time was over before {far}"), item)


def _check_order(items: Mapping[str, Mapping[str, Any]]) -> None:
    for place, item in enumerate(items.values()):
        for one in item["dependsOn"]:
            if one not in items:
                raise _wrong(f"/requests/{place}/dependsOn", f"there is no request {one}")
    try:
        TopologicalSorter({name: item["dependsOn"] for name, item in items.items()}).prepare()
    except CycleError as error:
        raise _wrong("/requests", f"depend on each other in a circle: {' -> '.join(error.args[1])}") from None


def _scope(call: Call, name: str, item: Mapping[str, Any], stamps: list[str]) -> Scope:
    headers = [(key, value) for key, value in call.headers.items() if key in INHERITED]
    headers += [(key.lower().encode(), value.encode()) for key, value in item["headers"].items()]
    headers.append((b"x-request-id", f"{call.request_id[:40]}.{name}".encode("ascii", "replace").replace(b"?", b"-")))
    headers.append((b"content-type", b"application/json"))
    shown = stamps[-1:] or ([call.header(b"x-payaid-stamp")] if b"x-payaid-stamp" in call.headers else [])
    headers += [(b"x-payaid-stamp", one.encode()) for one in shown]
    return {
        "type": "http",
        "method": item["method"],
        "path": item["path"],
        "query_string": item["query"].encode(),
        "headers": headers,
        "client": (call.client, 0),
    }


def _wrong(pointer: str, detail: str) -> Invalid:
    return Invalid(f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])
