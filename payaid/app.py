"""Settings -> ASGI app; the only module that sees everything."""

import asyncio
import contextlib
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Any

from payaid import garbage
from payaid.asgi import App, Receive, Scope, Send
from payaid.call import Call
from payaid.datapath import DataPath, background
from payaid.errors import NotFound
from payaid.gateway.chain import Parts, chain
from payaid.orphan import end_with_parent
from payaid.rest.actions import Actions
from payaid.rest.app import Endpoint, Rest
from payaid.rest.auth import Auth
from payaid.rest.batch import Batches
from payaid.rest.downloads import Downloads
from payaid.rest.health import Health
from payaid.rest.jobs import Jobs
from payaid.rest.openapi import document
from payaid.rest.ops import Ops
from payaid.rest.pages import DOCS_POLICY, HTML, docs, guarded
from payaid.rest.plan import plan
from payaid.rest.reply import Reply, etag
from payaid.rest.routes import VERSIONS
from payaid.rest.scrape import Scrape
from payaid.rest.sessions import Sessions
from payaid.rest.transact import Transactions
from payaid.rest.uploads import Uploads
from payaid.rest.writes import Editor
from payaid.runtime import Runtime
from payaid.settings import Settings
from payaid.telemetry.log import configure

# What a start gives the primary to be heard.
HEARD_S = 2.0
# Read with the cache switched off.
BYPASS = ((b"cache-status", b"payaid; fwd=bypass"),)
# The same for everybody, and cheap to ask for again: it has an entity tag.
PUBLIC = (b"cache-control", b"public, no-cache")


def endpoints(runtime: Runtime, batches: Batches) -> dict[str, Endpoint]:
    """What answers each operation that a route can name."""
    path = runtime.path
    transactions = Transactions(path.writes, runtime.tokens)
    files = runtime.files
    actions = Actions(transactions, Uploads(files, runtime.settings.import_limit, runtime.settings.uploads_waiting))
    editor, jobs, downloads = Editor(transactions), Jobs(path.reads, transactions, path.cursors), Downloads(files)
    auth = Auth(runtime.settings, path.primary, path.writes, runtime.limiter)
    token = runtime.settings.ops_token
    ops = Ops(token.get_secret_value() if token else "", runtime.process, runtime.exposition.all, runtime.limiter)
    scrape = Scrape(runtime.settings, runtime.exposition, runtime.limiter)
    health = Health(path.primary, path.replicas, path.redis, path.stamps, lambda: runtime.draining, runtime.process)
    read = _reader(path)
    return {
        "version": _version,
        "list": read, "item": read, "summary": read,
        "create": lambda call: editor.create(call, _target(call)),
        "update": lambda call: editor.update(call, _target(call)),
        "delete": lambda call: editor.delete(call, _target(call)),
        "action": lambda call: actions.run(call, _target(call)),
        "jobs": jobs.list,
        "job": lambda call: jobs.show(call, _target(call)),
        "job-cancel": lambda call: jobs.cancel(call, _target(call)),
        "job-retry": lambda call: jobs.retry(call, _target(call)),
        "file": lambda call: downloads.send(call, _target(call)),
        "batch": batches.run,
        "login": auth.login, "refresh": auth.refresh, "logout": auth.logout, "me": auth.me,
        "live": lambda _: health.live(), "ready": lambda _: health.ready(), "health": lambda _: health.health(),
        "metrics": scrape.metrics, "openapi": _openapi, "docs": _pages, "ops": ops.page,
    }  # fmt: skip


def _reader(path: DataPath) -> Endpoint:
    """What answers reads where no cache does."""

    async def read(call: Call) -> Reply:
        assert call.target is not None  # noqa: S101
        planned = plan(call.target, call.query, call.who(), path.cursors)
        call.cache_class, call.cache_result = planned.cache_class, "bypass"
        filling = await path.executor.fill(planned, call.shown_stamp)
        return Reply(200, filling.body, etag=filling.etag, headers=BYPASS)

    return read


async def _openapi(_: Call) -> Reply:
    return Reply(200, document(), etag=etag(document()), headers=(PUBLIC,))


async def _pages(_: Call) -> Reply:
    return Reply(200, docs(), HTML, etag(docs()), (PUBLIC, *guarded(DOCS_POLICY)))


async def _version(call: Call) -> Reply:
    raise NotFound(f"{call.path[:200]} is of a version that there is not; there is: {', '.join(VERSIONS)}.")


def _target(call: Call) -> Any:
    return call.target


def build(runtime: Runtime) -> App:
    """The whole app over a runtime that is running, or about to."""
    path = runtime.path
    sessions = Sessions(path.store, path.reads, runtime.settings)
    parts = Parts(
        settings=runtime.settings,
        process=runtime.process,
        in_flight=runtime.in_flight,
        callers=sessions,
        stamps=runtime.tokens,
        limiter=runtime.limiter,
        store=path.store,
        fill=path.executor.fill,
        cursors=path.cursors,
    )
    batches = Batches(runtime.limiter, enforced=runtime.settings.limits)
    batches.app = chain(Rest(endpoints(runtime, batches)), parts)
    return batches.app


async def _unopened(scope: Scope, receive: Receive, send: Send) -> None:
    """What is not HTTP is not answered, and neither is a request before the lifespan."""


class Service:
    """The ASGI callable: opens the runtime at startup, drains and closes it at shutdown."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._app: App = _unopened

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve, or live through the lifespan."""
        if scope["type"] == "http":
            return self._app(scope, receive, send)
        return self._lifespan(receive, send) if scope["type"] == "lifespan" else _unopened(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        configure(self.settings)
        runtime = Runtime(self.settings)
        async with runtime.running(), AsyncExitStack() as closing:
            background(closing, end_with_parent())
            self._app = build(runtime)
            # From here on requests come: it hears of changes by now, or there is no primary to hear.
            await runtime.path.heard(HEARD_S)
            garbage.settle()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            runtime.draining = True
            await self._drain(runtime)
        await send({"type": "lifespan.shutdown.complete"})

    async def _drain(self, runtime: Runtime) -> None:
        """Let requests under way end, within the time that SIGTERM leaves."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.drain_s):
                await runtime.in_flight.none()


def create() -> Service:
    """The app that a server imports: settings from the environment."""
    return Service(Settings.read())
