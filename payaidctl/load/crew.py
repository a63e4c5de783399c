"""The crew: the generator's processes, started, listened to and missed when they go."""

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from payaidctl.errors import UsageError

MODULE = "payaidctl.load.generator"
SILENCE_S = 15.0
BIGGEST_LINE = 1 << 24


@dataclass(slots=True)
class Worker:
    """What one process last said of itself. `cpu` in percent of a core, one value a second;
    `drift` is by how many seconds its clocks have come apart."""

    name: str
    state: str = "starting"
    users: int = 0
    spawned: bool = False
    in_flight: int = 0
    heard: float = field(default_factory=time.monotonic)
    cpu: list[tuple[float, float]] = field(default_factory=list)
    rss: int = 0
    drift: float = 0.0

    def hear(self, line: dict[str, Any]) -> None:
        """Take in one line of state."""
        self.state, self.users, self.spawned = line["state"], line["users"], line["spawned"]
        self.in_flight, self.rss, self.heard = line["inFlight"], line["rss"], time.monotonic()
        self.cpu.append((line["at"], line["cpu"]))
        self.drift = max(self.drift, abs(line["drift"]))


class Crew:
    """Processes under watch. `lost` says, in words, who went missing and how."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: dict[str, Worker] = {}
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self.lost: list[str] = []
        self.broken: list[str] = []
        self.listeners: list[asyncio.Task[None]] = []
        self.dismissed = False

    async def start(self, name: str, *arguments: str) -> None:
        """Start one process in a role."""
        log = (self.folder / f"generator-{name}.log").open("wb")
        self.processes[name] = await asyncio.create_subprocess_exec(
            sys.executable, "-m", MODULE, *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=BIGGEST_LINE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        log.close()
        self.listeners.append(asyncio.create_task(self._listen(name, self.processes[name])))

    async def order(self, **order: Any) -> None:
        """Tell every process."""
        line = (json.dumps(order) + "\n").encode()
        for process in self.processes.values():
            if process.stdin and process.returncode is None:
                with contextlib.suppress(ConnectionError):  # its end is noticed, and told, by its listener
                    process.stdin.write(line)
                    await process.stdin.drain()

    @property
    def users(self) -> int:
        """Virtual users that run now."""
        return sum(worker.users for worker in self.workers.values())

    @property
    def spawned(self) -> bool:
        """Whether every process has all of its users."""
        return bool(self.workers) and all(worker.spawned for worker in self.workers.values())

    async def finished(self, patience: float) -> None:
        """Wait until every process has ended, but no longer than so many seconds."""
        await asyncio.wait([asyncio.create_task(one.wait()) for one in self.processes.values()], timeout=patience)
        await asyncio.wait(self.listeners, timeout=1)
        for worker in self.workers.values():
            if worker.state == "playing":
                worker.state = "lost"
                self.lost.append(f"generator process {worker.name} never said that it was done")

    def missing(self) -> list[str]:
        """Everybody who ended too early, or fell silent; each is told once."""
        now = time.monotonic()
        for worker in self.workers.values():
            if worker.state == "playing" and now - worker.heard > SILENCE_S:
                worker.state = "lost"
                self.lost.append(f"generator process {worker.name} has said nothing for {SILENCE_S:g} s")
        return self.lost

    async def _listen(self, name: str, process: asyncio.subprocess.Process) -> None:
        async for raw in process.stdout or ():  # type: ignore[union-attr]
            line = json.loads(raw)
            worker = line["worker"]
            if "gone" in line:
                self.lost.append(f"generator process {worker} {line['gone']}")
                continue
            self.broken.extend(line.get("broken", ()))
            self.workers.setdefault(worker, Worker(worker)).hear(line)
        status = await process.wait()
        if not self.dismissed and status != 0:
            self.lost.append(f"generator process {name} ended with status {status}: {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        text = (self.folder / f"generator-{name}.log").read_text(encoding="utf-8", errors="replace").strip()
        return text.splitlines()[-1] if text else "no message"

    async def dismiss(self) -> None:
        """End whatever still runs."""
        self.dismissed = True
        for process in self.processes.values():
            if process.returncode is None:
                process.terminate()
        for process in self.processes.values():
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()
        await asyncio.gather(*self.listeners)


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def describe(scenarios: list[str]) -> dict[str, Any]:
    """What the scenarios send: asked of a process of its own, because they need gevent's patched library.

    Raises:
        UsageError: a scenario cannot be used, or locust is not installed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, "describe", "--scenarios", ",".join(scenarios),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    if process.returncode != 0:
        message = err.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        if "No module named 'locust'" in message[-1]:
            raise UsageError("locust is not installed", "install the extra: `pip install 'payaid[load]'`")
        raise UsageError(message[-1], "mend the scenario; no load was made")
    described: dict[str, Any] = json.loads(out)
    return described
