"""A storm: load through the front door and straight into the outbox, while workers, queue and API are killed.

`Storm.rage` offers the load and kills; `Storm.calm` lets everything come to its end. What must be true then is in
test_storm.py.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
from psycopg.types.json import Jsonb

from payaid.jobs.outbox import fresh_id
from tests.fixtures.api import ROOT, Person, Tenant
from tests.fixtures.jobs import Workplace, until

# What the load is made of, in shares of the rate: each acknowledged one is a job, or is told to a webhook as one.
DEALS, MAILS, EFFECTS, INVOICES = 0.35, 0.35, 0.29, 0.01
# Workers die most often: the relay, the sweeper and the schedules die with them.
VICTIMS = ("worker", "worker", "worker", "queue", "api")
PATIENCE_S = 120.0
IMPORT_ROWS = 1500
MOST_OPEN = 200
MAIL = {
    "to": "asha@example.in", "template": "notice",
    "values": {"title": "A storm", "lines": ["It rains."], "organisation": "North"},
}  # fmt: skip
LEFT = """SELECT task, state, count(*) FROM "Outbox" WHERE state <> 'done' GROUP BY task, state"""
ADD = """
SELECT payaid.job_add(id, %s, %s, %s, 5, NULL, NULL, NULL, NULL) FROM unnest(%s::text[]) AS id
"""


@dataclass
class Facts:
    """What was acknowledged, by kind, and what it took."""

    deals: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    invoices: dict[str, str] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0

    @property
    def jobs(self) -> int:
        """How many jobs were acknowledged."""
        return len(self.deals) + len(self.mails) + len(self.effects) + len(self.invoices) + len(self.imports)


@dataclass
class Front:
    """The API as a process that can be killed whole, with its workers, and started again on the same port."""

    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['PORT']}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "payaid", "serve"], cwd=ROOT, env=os.environ | self.env, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def await_ready(self) -> None:
        # One client: to make one costs more than to ask, and this process offers the load as well.
        with httpx.Client(base_url=self.url, trust_env=False, verify=False) as http:  # noqa: S501  (plain HTTP)

            def ready() -> bool:
                try:
                    return http.get("/health/ready").status_code == 200
                except httpx.TransportError:
                    return False

            until(ready, "the service is ready", 60.0)


class Storm:
    """One storm over one workplace."""

    def __init__(
        self, place: Workplace, front: Front, owner: Person, seed: int, worker: Callable[[], Any], rate: float
    ) -> None:
        assert owner.tenant
        self.facts = Facts()
        self.tenant: Tenant = owner.tenant
        self._place = place
        self._front = front
        self._owner = owner
        self._chance = random.Random(seed)
        self._hire = worker
        self._rate = rate
        self._crew = [worker(), worker()]
        self._running: set[asyncio.Task[None]] = set()
        self._failed: list[Exception] = []

    def rage(self, seconds: float, *, kills: bool = True) -> None:
        """Load and kills for so long; returns when every call is acknowledged."""
        asyncio.run(self._rage(seconds, kills))

    def calm(self, within_s: float) -> None:
        """Wait for every job's end; asked seldom, because each question is a connection and the crew wants the CPU."""
        deadline = time.monotonic() + within_s
        while left := self._place.query(LEFT):
            assert time.monotonic() < deadline, f"not within {within_s} s: {left}"
            time.sleep(1.0)

    async def _rage(self, seconds: float, kills: bool) -> None:
        # Few: httpx looks through all of them at each request.
        limits = httpx.Limits(max_connections=24, keepalive_expiry=5)
        headers = {"authorization": f"Bearer {self._owner.token}"}
        async with (
            httpx.AsyncClient(
                base_url=self._front.url, headers=headers, limits=limits, timeout=20, trust_env=False
            ) as http,
            await psycopg.AsyncConnection.connect(
                self._place.database.service_url, autocommit=True, prepare_threshold=None
            ) as direct,
        ):
            until_ = time.monotonic() + seconds
            work = [self._import(http), self._offer(http, direct, until_)]
            if kills:
                work.append(self._kill(until_))
            await asyncio.gather(*work)
            while self._running:
                await asyncio.wait(set(self._running))
            if self._failed:
                raise ExceptionGroup("calls that were never acknowledged", self._failed)

    # -- load -------------------------------------------------------------------------------------------------
    async def _offer(self, http: httpx.AsyncClient, direct: Any, end: float) -> None:
        """So many a second, whatever becomes of those before; ten times a second."""
        shares = {"deal": DEALS, "mail": MAILS, "effect": EFFECTS, "invoice": INVOICES}
        began, given = time.monotonic(), Counter[str]()
        while (now := time.monotonic()) < end:
            owed = {kind: int((now - began) * self._rate * share) - given[kind] for kind, share in shares.items()}
            for kind, call in (("deal", self._deal), ("invoice", self._invoice)):
                # With so many calls open the API is not there; they will be repeated, and are load enough.
                owed[kind] = max(0, min(owed[kind], MOST_OPEN - len(self._running)))
                for _ in range(owed[kind]):
                    self._spawn(call(http))
            self.facts.mails += await self._write(direct, "email", MAIL, owed["mail"])
            self.facts.effects += await self._write(direct, "effect", {}, owed["effect"])
            given.update(owed)
            await asyncio.sleep(0.1)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._failed.append(error)

    async def _write(self, direct: Any, task: str, payload: dict[str, Any], count: int) -> list[str]:
        """Jobs in a transaction of the tenant's, as a request would write them, and all by one statement."""
        ids = [fresh_id() for _ in range(count)]
        async with direct.transaction():
            await direct.execute("SELECT set_config('payaid.tenant_id', %s, true)", (self.tenant.id,))
            await direct.execute(ADD, (self.tenant.id, task, Jsonb(payload), ids))
        return ids

    async def _deal(self, http: httpx.AsyncClient) -> None:
        answer = await self._acknowledged(http, "/api/v1/deals", {"name": str(uuid.uuid4()), "value": 1}, 201)
        self.facts.deals.append(str(answer["id"]))

    async def _invoice(self, http: httpx.AsyncClient) -> None:
        item = {"description": "Rain", "hsnCode": "8471", "quantity": 1, "unitPrice": "1000", "gstRate": 18}
        body = {"placeOfSupply": "27", "items": [item], "customerEmail": "asha@example.in", "customerName": "Asha"}
        invoice = await self._acknowledged(http, "/api/v1/invoices", body, 201)
        job = await self._acknowledged(http, f"/api/v1/invoices/{invoice['id']}/send", {}, 202)
        self.facts.invoices[str(invoice["id"])] = str(job["id"])

    async def _import(self, http: httpx.AsyncClient) -> None:
        """A table of contacts, whose import lives through several deaths."""
        mark = uuid.uuid4().hex[:8]
        rows = "\n".join(f"import-{mark}-{row},{row}@example.in" for row in range(IMPORT_ROWS))
        table = f"name,email\n{rows}\n".encode()
        answer = await self._acknowledged(http, "/api/v1/contacts/import", table, 202)
        self.facts.imports.append(str(answer["id"]))

    async def _acknowledged(self, http: httpx.AsyncClient, path: str, body: Any, status: int) -> Any:
        """Repeat one call, with its one key, until it is answered as it should be."""
        began = time.monotonic()
        kind = {"content-type": "text/csv" if isinstance(body, bytes) else "application/json"}
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = kind | {"idempotency-key": str(uuid.uuid4())}
        while True:
            pause_s = 0.1
            try:
                answer = await http.post(path, headers=headers, **sent)
            except httpx.TransportError as error:
                seen = type(error).__name__
            else:
                if answer.status_code == status:
                    self.facts.slowest_s = max(self.facts.slowest_s, time.monotonic() - began)
                    return answer.json()
                assert answer.status_code in {409, 502, 503, 504}, f"{path}: {answer.status_code} {answer.text}"
                seen = str(answer.status_code)
                pause_s = float(answer.headers.get("retry-after", pause_s))  # as a client should
            assert time.monotonic() < began + PATIENCE_S, f"{path}: not within {PATIENCE_S} s, last {seen}"
            self.facts.repeats[seen] += 1
            await asyncio.sleep(pause_s * (1 + self._chance.random()))

    # -- kills ------------------------------------------------------------------------------------------------
    async def _kill(self, end: float) -> None:
        """kill -9, a moment of absence, a new start; one at a time, or two at once."""
        while time.monotonic() < end - 1.5:
            await asyncio.sleep(0.5 + self._chance.random() * 2)
            victim = self._chance.choice(VICTIMS)
            self.facts.kills[victim] += 1
            await asyncio.to_thread(getattr(self, f"_{victim}_dies"), self._chance.random())

    def _worker_dies(self, absence_s: float) -> None:
        place = self._chance.randrange(len(self._crew))
        self._crew[place].kill()
        time.sleep(absence_s)
        self._crew[place] = self._hire()

    def _queue_dies(self, absence_s: float) -> None:
        self._place.node.kill()
        time.sleep(absence_s)
        self._place.node.start()

    def _api_dies(self, absence_s: float) -> None:
        self._front.kill()
        time.sleep(absence_s)
        self._front.start()
        self._front.await_ready()
