"""Those who read, through the API over connections of their own, and what all clients share."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from tests.torture.generator import WORD, Dice, Row, Tenant
from tests.torture.history import Kind, Outcome, Read, Write

DEALS = "/api/v1/deals"
STATS = "/api/v1/dashboard/stats"
# Longer than a request's deadline: whoever is not answered by then never will be.
TIMEOUT_S = 14.0
NAME = re.compile(rf"{WORD} (\w+) (r\d+)")
MARK = re.compile(rb"\bm[0-9a-f]{16}\b")
HITS = {"payaid-l1; hit": "l1", "payaid-l2; hit": "l2", "payaid; hit; fwd=stale": "stale", "payaid; fwd=miss": "miss"}


@dataclass
class World:
    """What all clients share: the tenants, what is broken now, and where what they did and saw is told."""

    urls: tuple[str, ...]
    owner_url: str
    tenants: list[Tenant]
    wrote: Callable[[Write], None]
    saw: Callable[[Read], None]
    odd: Callable[[str], None]
    now: Callable[[], float] = time.monotonic
    fault: str = ""
    over: bool = False
    instances: set[str] = field(default_factory=set)

    def began(self, tenant: Tenant, row: Row, version: int, state: str | None, door: str) -> "Attempt":
        """A write begins."""
        return Attempt(self, tenant, row, version, state, door, self.now())


@dataclass
class Attempt:
    """A write under way."""

    world: World
    tenant: Tenant
    row: Row
    version: int
    state: str | None
    door: str
    began: float

    def ended(self, outcome: Outcome, token: str = "", id_: str = "") -> Write:
        """Tell what became of it, and keep the row's books."""
        write = Write(
            self.tenant.mark, self.row.name, self.version, self.state, self.began, self.world.now(), outcome,
            self.door, token,
        )  # fmt: skip
        self.row.id = id_ or self.row.id
        self.world.wrote(write)
        if outcome is Outcome.UNKNOWN:
            self.row.doubt_since = write.ended
            self.tenant.rows.setdefault(self.row.name, self.row)
        elif outcome is Outcome.DONE:
            if self.state is None:
                self.tenant.rows.pop(self.row.name, None)
            else:
                self.tenant.rows.setdefault(self.row.name, self.row)
            if token:
                self.tenant.stamps.append(write)
        return write


class Caller:
    """Reads through the API, now over this connection and now over that: whichever worker is behind it."""

    def __init__(self, world: World, dice: Dice) -> None:
        self.world, self.dice = world, dice
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)
        self._ends = [
            httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False)
            for url in world.urls * (2 if len(world.urls) == 1 else 1)
        ]

    async def close(self) -> None:
        """Hang up."""
        for end in self._ends:
            await end.aclose()

    async def ask(
        self, tenant: Tenant, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response | None:
        """One request; None where there was no answer."""
        sent = {"authorization": f"Bearer {tenant.token}", "accept-encoding": "identity"} | (headers or {})
        content = None
        if body is not None:
            content, sent["content-type"] = orjson.dumps(body), "application/json"
        with contextlib.suppress(httpx.TransportError):
            answer = await self.dice.random.choice(self._ends).request(method, path, content=content, headers=sent)
            self.world.instances.add(answer.headers.get("x-instance", ""))
            if answer.status_code == 503 and int(answer.headers.get("retry-after", "0")) < 1:
                self.world.odd(f"a 503 says nothing of when to come back: {answer.text[:200]}")
            return answer
        return None

    async def read(self, tenant: Tenant, kind: Kind, asked: str = "", shown: Write | None = None) -> None:
        """Ask for this, and tell what was seen."""
        row = tenant.rows.get(asked)
        other = next(one for one in self.world.tenants if one is not tenant)
        foreign = self.dice.row(other, writable=False)
        if (kind is Kind.DETAIL and (row is None or not row.id)) or (kind is Kind.FOREIGN and foreign is None):
            return
        path = {
            Kind.DETAIL: f"{DEALS}/{row.id if row else ''}",
            Kind.FOREIGN: f"{DEALS}/{foreign.id if foreign else ''}",
            Kind.LIST: f"{DEALS}?limit=200",
            Kind.FACET: f"{DEALS}?stage={asked}&limit=200",
            Kind.SEARCH: f"{DEALS}?q={WORD}&limit=200",
            Kind.STATS: STATS,
        }[kind]
        began = self.world.now()
        answer = await self.ask(tenant, "GET", path, headers={"x-payaid-stamp": shown.token} if shown else None)
        self.world.saw(self._read(tenant, kind, asked, shown, began, answer))

    def _read(
        self, tenant: Tenant, kind: Kind, asked: str, shown: Write | None, began: float, answer: httpx.Response | None
    ) -> Read:
        fault, now = self.world.fault, self.world.now()
        if answer is None:
            return Read(kind, tenant.mark, began, now, 0, asked=asked, shown=shown, fault=fault)
        marks = frozenset(one.decode() for one in MARK.findall(answer.content))
        seen: dict[str, Any] = {}
        if answer.status_code == 200:
            document = orjson.loads(answer.content)
            if kind is Kind.STATS:
                seen = {"counted": document["deals"]["total"], "summed": int(document["deals"]["pipeline"])}
            else:
                rows = [document] if kind in (Kind.DETAIL, Kind.FOREIGN) else document["data"]
                named = [(NAME.search(row["name"]), row) for row in rows]
                seen = {
                    "shows": {found[2]: int(row["value"]) for found, row in named if found},
                    "states": {found[2]: row["stage"] for found, row in named if found},
                }
        return Read(
            kind, tenant.mark, began, now, answer.status_code, HITS.get(answer.headers.get("cache-status", ""), ""),
            asked, marks=marks, shown=shown, degraded="x-payaid-degraded" in answer.headers,
            instance=answer.headers.get("x-instance", ""), fault=fault,
            said=_said(answer), **seen,
        )  # fmt: skip

    async def some(self, tenant: Tenant, shown: Write | None) -> None:
        """Read something."""
        kind = self.dice.kind()
        asked = ""
        if kind is Kind.DETAIL:
            row = self.dice.row(tenant, writable=False)
            if row is None:
                return
            asked = row.name
            if shown and self.dice.random.random() < 0.5 and shown.row in tenant.rows:
                asked = shown.row
        elif kind is Kind.FACET:
            asked = shown.state if shown and shown.state and self.dice.random.random() < 0.5 else self.dice.stage()
        await self.read(tenant, kind, asked, shown)


def _said(answer: httpx.Response) -> str:
    """Why a read was refused. What is no problem document was not written by the service, and is told as it is."""
    if answer.status_code < 500:
        return ""
    try:
        detail: str = answer.json()["detail"]
    except ValueError:
        return f"not ours: {answer.headers.get('server', '')} {answer.text[:200]!r}"
    return detail


async def reader(world: World, dice: Dice, pause_s: float) -> None:
    """Reads until it is over."""
    caller = Caller(world, dice)
    try:
        while not world.over:
            tenant = dice.tenant(world.tenants)
            await caller.some(tenant, dice.shown(tenant))
            await asyncio.sleep(dice.pause(pause_s))
    finally:
        await caller.close()
