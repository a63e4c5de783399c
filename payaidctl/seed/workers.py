"""Who makes the rows: processes side by side for a lot, this one for a little. The bytes are the same.

A worker is `python -m payaidctl.seed.workers PARAMETERS`: it reads one request a line (table, tenants' numbers, as
JSON) and answers each with its length in eight bytes and the rows. A full pipe makes it wait for the database.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date
from itertools import chain, zip_longest

from payaidctl.errors import Failed
from payaidctl.seed.make import make
from payaidctl.seed.plan import Parameters, TenantPlan
from payaidctl.seed.words.trades import TRADES

LANES = 2
BLOCK_ROWS = 8_000
# How far a worker may be ahead of the database, in bytes.
AHEAD = 8 * 1024 * 1024
# Below this, starting processes takes longer than making the rows.
WORTH_PROCESSES = 40_000


@dataclass(frozen=True, slots=True)
class Workers:
    """One process a lane, or none. A trade belongs to one lane, so that its pools are made in one process only."""

    parameters: Parameters
    lanes: Sequence[Process]

    async def blocks(self, table: str, plans: Sequence[TenantPlan]) -> AsyncIterator[bytes]:
        """The table's rows for these tenants, in an order that does not depend on who is quicker."""
        batches = list(_batches(plans))
        for lane, numbers in batches:
            if self.lanes:
                self._stdin(lane).write(json.dumps([table, numbers]).encode() + b"\n")
        for lane, numbers in batches:
            yield await self._answer(lane) if self.lanes else make(self.parameters, table, numbers)

    def _stdin(self, lane: int) -> asyncio.StreamWriter:
        pipe = self.lanes[lane % len(self.lanes)].stdin
        assert pipe is not None  # noqa: S101 - started with PIPE
        return pipe

    async def _answer(self, lane: int) -> bytes:
        process = self.lanes[lane % len(self.lanes)]
        assert process.stdout is not None  # noqa: S101 - started with PIPE
        try:
            size = int.from_bytes(await process.stdout.readexactly(8), "big")
            return await process.stdout.readexactly(size)
        except asyncio.IncompleteReadError as error:
            status = await process.wait()
            raise Failed(f"a worker that makes rows ended with status {status}", "its message is above") from error


@asynccontextmanager
async def workers(parameters: Parameters, plans: Sequence[TenantPlan]) -> AsyncIterator[Workers]:
    """Workers for these tenants, ended with the block."""
    few = sum(tenant.rows for tenant in plans) < WORTH_PROCESSES
    count = 0 if few else min(LANES, os.cpu_count() or 1)
    lanes: list[Process] = []
    try:
        for _ in range(count):
            lanes.append(await _start(parameters))  # noqa: PERF401 - those started must be known if the next fails
        yield Workers(parameters, lanes)
    finally:
        for process in lanes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _start(parameters: Parameters) -> Process:
    told = json.dumps(asdict(parameters), default=str)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "payaidctl.seed.workers", told, stdin=PIPE, stdout=PIPE, limit=AHEAD
    )


def _batches(plans: Sequence[TenantPlan]) -> Iterator[tuple[int, list[int]]]:
    """(lane, tenants' numbers), the lanes by turns."""
    lanes = [_filled(lane, [one for one in plans if TRADES.index(one.trade) % LANES == lane]) for lane in range(LANES)]
    return (block for block in chain.from_iterable(zip_longest(*lanes)) if block)


def _filled(lane: int, plans: Sequence[TenantPlan]) -> Iterator[tuple[int, list[int]]]:
    batch, rows = [], 0
    for tenant in plans:
        batch.append(tenant.number)
        rows += tenant.rows // 4
        if rows >= BLOCK_ROWS:
            yield lane, batch
            batch, rows = [], 0
    if batch:
        yield lane, batch


def serve() -> None:
    """A worker's life: until its input ends."""
    told = json.loads(sys.argv[1])
    parameters = Parameters(**{**told, "as_of": date.fromisoformat(told["as_of"])})
    for line in sys.stdin:
        block = make(parameters, *json.loads(line))
        sys.stdout.buffer.write(len(block).to_bytes(8, "big"))
        sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
