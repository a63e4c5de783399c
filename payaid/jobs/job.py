"""One attempt at one job, as its task sees it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from payaid.db.connection import Connection
from payaid.files import Files, Ticket
from payaid.jobs.ledger import Claim, Ledger
from payaid.jobs.output import Mark, Output, output
from payaid.jobs.processes import Processes
from payaid.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class Fenced(Exception):
    """This attempt is over: another worker has claimed the job since, or someone wants it stopped."""


class Services:
    """What tasks share in one worker: settings, processes, files, and clients that the first who needs them opens."""

    def __init__(self, settings: Settings, closing: AsyncExitStack) -> None:
        self.settings = settings
        self.processes = Processes(settings.worker_processes, settings.worker_process_memory)
        closing.push_async_callback(self.processes.close)
        self.files = Files(settings.files_dir, settings.jwt_secret.get_secret_value(), settings.files_keep_h * 3600)
        self._closing = closing
        self._opening: dict[str, asyncio.Lock] = {}
        self._open: dict[str, Any] = {}

    async def shared(self, name: str, make: Callable[[AsyncExitStack], Awaitable[Any]]) -> Any:
        """The client of this name; `make` opens it once, and pushes its closing onto the stack it is given."""
        async with self._opening.setdefault(name, asyncio.Lock()):
            if name not in self._open:
                self._open[name] = await make(self._closing)
            return self._open[name]


class Job:
    """One attempt. `id` is stable over all attempts and is what outsiders are shown; `attempt` counts from 1."""

    def __init__(self, job_id: str, claim: Claim, ledger: Ledger, services: Services) -> None:
        self.id = job_id
        self.tenant_id = claim.tenant
        self.task = claim.task
        self.payload = claim.payload
        self.attempt = claim.attempts + 1
        self.uncertain_before = claim.uncertain
        self.load_run = claim.load_run
        self.fence = claim.fence
        self.services = services
        self.progress: float | None = None
        self.acted = False
        self.recording = False
        self.stopping: str | None = None
        self.leftovers: list[Path] = []
        self._ledger = ledger
        self._transaction: Connection | None = None
        self._running: asyncio.Task[Any] | None = None

    @property
    def db(self) -> Connection:
        """The transaction that commits this job's effects together with its end (Effect.DATABASE only)."""
        if self._transaction is None:
            raise TypeError(f"{self.task}: only a task with Effect.DATABASE has a transaction of its own")
        return self._transaction

    @property
    def tenant(self) -> str:
        """The tenant, for tasks that cannot do without."""
        if self.tenant_id is None:
            raise TypeError(f"{self.task}: this job belongs to no tenant")
        return self.tenant_id

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Connection]:
        """A transaction for reading, bound to the tenant; what it commits is not tied to the job's end."""
        async with self._ledger.session(self.tenant_id) as connection:
            yield connection

    async def act(self) -> None:
        """Call right before the outward act. From here on only `Permanent` and `Transient` say that it did not
        happen: any other end leaves it uncertain, and listed.

        Raises:
            Fenced: it must not be done by this attempt any more.
        """
        if not await self._ledger.act(self.id, self.fence):
            raise Fenced(f"job {self.id}: fenced off before acting")
        self.acted = True

    @asynccontextmanager
    async def file(self, name: str, after: Mark | None = None) -> AsyncIterator[Output]:
        """A file of this job, to be downloaded as `name` (`contacts.csv`): whole once the block ends, and then
        `Output.result` is what to answer, {link, bytes, rows, expiresAt}. `after`: go on from there.
        """
        async with output(self.services.files, Ticket(self.tenant, self.id, name), self.fence, after) as out:
            yield out

    async def resume(self) -> Any:
        """The last checkpoint of an earlier attempt; None: there is none."""
        async with self.session() as connection:
            cursor = await connection.execute(
                'SELECT checkpoint FROM "Outbox" WHERE "tenantId" = %s AND id = %s', (self.tenant, self.id)
            )
            row = await cursor.fetchone()
        return row[0] if row else None

    async def checkpoint(self, connection: Connection, state: Any) -> None:
        """Record how far it has come, in the transaction of what was done since the last time; call it last there.

        Raises:
            Fenced: another worker has the job, or someone wants it stopped: the transaction rolls back.
        """
        if not await self._ledger.checkpoint(self.id, self.fence, state, connection):
            raise Fenced(f"job {self.id}: fenced off before its checkpoint")

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a top-level pure function answers, in another process: for work that keeps a processor busy. The end
        of this attempt, whatever its reason, kills the process; its death is `Died`, which is `Transient`.
        """
        return await self.services.processes.run(function, *args, **kwargs)

    def upload(self) -> Path:
        """The upload that the payload names. Once the job is recorded as done, and not before, because a retry wants
        it again, its folder is removed.
        """
        path = self.services.files.of_upload(self.tenant, str(self.payload["upload"]))
        self.leftovers.append(path.parent)
        return path

    def tell(self, progress: float) -> None:
        """How far it is, 0 to 1; sent with the next heartbeat, so it costs nothing."""
        self.progress = min(max(progress, 0.0), 1.0)

    def start(self, running: asyncio.Task[Any]) -> None:
        """Remember what `stop` is to cancel."""
        self._running = running

    def stop(self, why: str) -> None:
        """End the attempt where it waits: `cancelled`, `fenced` or `drained`. Once its work is done and only the
        record is missing, it is left to it: the fence makes a late record harmless.
        """
        if self.stopping is None and self._running is not None and not self.recording:
            self.stopping = why
            self._running.cancel(why)

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[None]:
        """The transaction of a database task."""
        async with self._ledger.session(self.tenant_id) as connection:
            self._transaction = connection
            try:
                yield
            finally:
                self._transaction = None
