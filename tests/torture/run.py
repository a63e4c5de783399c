"""One run: a service, its clients and its faults for so many seconds, judged as it goes; then the truth."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg

from tests.torture.clients import NAME, Caller, World, reader
from tests.torture.faults import FAULTS, Fault, Place
from tests.torture.figures import Figures
from tests.torture.generator import ROWS, STAGES, Dice, Tenant
from tests.torture.history import Finding, Kind, Outcome, Read, Write, line
from tests.torture.judge import Judge
from tests.torture.writers import api_writer, sql_change, sql_writer

# A write that began before a read's end has ended by then, with whatever outcome.
LAG_S = 16.0
# A transaction that nobody answered for cannot commit any more after this.
DOUBT_S = 15.0
# Tokens outlive every run.
DAY_S = 86_400
TRUTH = """SELECT name, value::int, stage FROM "Deal" WHERE "tenantId" = %s"""


@dataclass(frozen=True)
class Load:
    """How many clients, and how long each pauses on average."""

    tenants: int = 3
    readers: int = 8
    api_writers: int = 2
    sql_writers: int = 1
    reader_pause_s: float = 0.008
    writer_pause_s: float = 0.2
    between_faults_s: float = 1.0
    more_urls: tuple[str, ...] = ()  # of other instances over the same database


@dataclass
class Run:
    """What a run knows while it goes on, and at its end."""

    place: Place
    seed: int
    faults: tuple[str, ...]
    load: Load = field(default_factory=Load)
    say: Callable[["Run"], None] = lambda _: None

    def __post_init__(self) -> None:
        self.judge = Judge()
        self.figures = Figures()
        self.findings: list[Finding] = []
        self.writes: list[Write] = []
        self.seen: deque[Read] = deque(maxlen=20_000)
        self.started = time.monotonic()
        self.lines_told = self.findings_told = 0
        self._alone = False
        self._waiting: deque[Read] = deque()
        self.world: World

    # -- what the clients tell --------------------------------------------------------------------------------
    def _wrote(self, write: Write) -> None:
        self.writes.append(write)
        self.judge.wrote(write)
        self.figures.wrote(write)

    def _saw(self, read: Read) -> None:
        self._waiting.append(read)
        self.seen.append(read)
        self.figures.read(read)
        if read.status not in {0, 200, 404, 503, 504} or (
            read.status == 404 and read.kind not in (Kind.DETAIL, Kind.FOREIGN)
        ):
            self.findings.append(Finding("an answer that nobody expects", str(read.status), read))

    def _odd(self, what: str) -> None:
        self.findings.append(Finding("an answer that nobody expects", what))

    # -- the run ----------------------------------------------------------------------------------------------
    async def go(self, seconds: float) -> None:
        """Everything, from an empty database to the truth at the end; every fault once, at least."""
        await self.play(lambda: self._break_things(self.started + seconds))

    async def play(self, scene: Callable[[], Awaitable[None]]) -> None:
        """The clients do what they do while the scene lasts; then they are judged."""
        self.started = time.monotonic()
        tenants = await asyncio.to_thread(self._tenants)
        api = self.place.api
        urls = (api.url, *self.load.more_urls)
        self.world = World(urls, api.database.owner_url, tenants, self._wrote, self._saw, self._odd)
        await self._fill()
        tasks = [asyncio.create_task(one) for one in self._clients()]
        judging = asyncio.create_task(self._keep_judging())
        try:
            await scene()
        finally:
            self.world.over = True
            judging.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for one in ended:
            if isinstance(one, Exception):
                raise one
        self._judge(float("inf"))
        self.findings += self.judge.lost(await self._truth())
        if not self._alone:
            self.findings += await self._converged()

    def _tenants(self) -> list[Tenant]:
        dice = random.Random(f"{self.seed}/marks")
        made = []
        for _ in range(self.load.tenants):
            person = self.place.api.owner(ttl_s=DAY_S)
            assert person.tenant
            made.append(Tenant(f"m{dice.randbytes(8).hex()}", person.tenant.id, person.token))
        return made

    async def _fill(self) -> None:
        dice = Dice(self.seed, "fill")
        async with await psycopg.AsyncConnection.connect(self.world.owner_url, autocommit=True) as connection:
            for tenant in self.world.tenants:
                for _ in range(ROWS * 2 if tenant is self.world.tenants[0] else ROWS):
                    await sql_change(self.world, dice, connection, tenant, "create")

    def _clients(self) -> list[Any]:
        load, world = self.load, self.world
        return [
            *(reader(world, Dice(self.seed, f"reader {n}"), load.reader_pause_s) for n in range(load.readers)),
            *(api_writer(world, Dice(self.seed, f"api {n}"), load.writer_pause_s) for n in range(load.api_writers)),
            *(sql_writer(world, Dice(self.seed, f"sql {n}"), load.writer_pause_s) for n in range(load.sql_writers)),
        ]

    async def _break_things(self, until: float) -> None:
        dice = Dice(self.seed, "faults")
        for number, name in enumerate(dice.schedule(list(self.faults))):
            fault = FAULTS[name]
            await asyncio.sleep(self.load.between_faults_s * (0.5 + dice.random.random()))
            # Each of them once, however long it takes; then as many as there is time for.
            if number >= len(self.faults) and time.monotonic() + fault.hold_s + 1 > until:
                break
            await self._one_fault(fault)
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def _one_fault(self, fault: Fault) -> None:
        self.world.fault = fault.name
        began = time.monotonic()
        if fault.restarts:
            self.judge.restarted(began)
        try:
            await asyncio.to_thread(fault.inject, self.place)
            await asyncio.sleep(fault.hold_s)
        finally:
            await asyncio.to_thread(fault.heal, self.place)
        if fault.restarts:
            self.judge.restarted(time.monotonic())
        self.figures.fault(fault.name, time.monotonic() - began)
        self.world.fault = ""

    def leave_alone(self) -> None:
        """The service was ended on purpose: nobody can be asked at the end."""
        self._alone = True

    # -- judging ----------------------------------------------------------------------------------------------
    async def _keep_judging(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self._judge(time.monotonic() - LAG_S)
            await self._end_doubts()
            self.say(self)

    def _judge(self, until: float) -> None:
        while self._waiting and self._waiting[0].ended < until:
            self.findings += self.judge.reads(self._waiting.popleft())

    async def _end_doubts(self) -> None:
        now = time.monotonic()
        old = [(tenant, row) for tenant in self.world.tenants for row in [*tenant.rows.values()]
               if row.doubt_since is not None and row.doubt_since < now - DOUBT_S]  # fmt: skip
        if not old or self.world.fault:
            return
        truth = await self._truth(ids=True)
        for tenant, row in old:
            shown = truth[tenant.mark].get(row.name)
            last = next(one for one in reversed(self.writes) if (one.tenant, one.row) == (tenant.mark, row.name))
            happened = shown is None if last.state is None else shown is not None and shown == last.version
            self.judge.resolved(tenant.mark, row.name, Outcome.DONE if happened else Outcome.FAILED, time.monotonic())
            row.doubt_since = None
            if shown is None:
                tenant.rows.pop(row.name, None)

    async def _truth(self, *, ids: bool = False) -> dict[str, dict[str, int]]:
        """What the primary has of each tenant; with `ids`, rows learn theirs."""
        truth: dict[str, dict[str, int]] = {}
        async with await psycopg.AsyncConnection.connect(self.world.owner_url, autocommit=True) as connection:
            for tenant in self.world.tenants:
                cursor = await connection.execute(
                    """SELECT id, name, value::int FROM "Deal" WHERE "tenantId" = %s""", (tenant.id,)
                )
                rows = truth[tenant.mark] = {}
                for id_, name, version in await cursor.fetchall():
                    found = NAME.fullmatch(name)
                    if found is None or found[1] != tenant.mark or found[2] in rows:
                        self.findings.append(
                            Finding("a row made twice, or in the wrong place", f"{tenant.mark}: {name}")
                        )
                        continue
                    rows[found[2]] = version
                    if ids and (row := tenant.rows.get(found[2])):
                        row.id = id_
        return truth

    async def _converged(self) -> list[Finding]:
        """All is over and mended: a second later everybody is shown the same, which is the truth."""
        await asyncio.sleep(1.0)
        truth, seen = await self._truth(ids=True), list[Read]()
        self.world.saw = seen.append
        caller = Caller(self.world, Dice(self.seed, "end"))
        for tenant in self.world.tenants:
            for kind, asked in [
                (Kind.LIST, ""),
                (Kind.STATS, ""),
                (Kind.SEARCH, ""),
                *((Kind.FACET, s) for s in STAGES),
            ]:
                for _ in range(4):
                    await caller.read(tenant, kind, asked)
        await caller.close()
        found = [one for read in seen for one in self.judge.reads(read)]
        wrong = [
            one for one in seen if one.status != 200 or (one.kind is Kind.LIST and dict(one.shows) != truth[one.tenant])
        ]
        return found + [Finding("no convergence", f"{one.kind} answered {one.status}", one) for one in wrong]

    # -- what is left -----------------------------------------------------------------------------------------
    def save(self, path: Path) -> None:
        """The findings, every write, and the latest reads, a line each; the first line names the seed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            head = {"seed": self.seed, "faults": self.faults, "started": self.started}
            file.write(orjson.dumps({"kind": "run", "value": head}) + b"\n")
            file.writelines(line("finding", one) for one in self.findings[:1000])
            file.writelines(line("write", one) for one in self.writes)
            file.writelines(line("read", one) for one in self.seen)
