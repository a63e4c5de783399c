"""CPU and memory of the server's processes and of ourselves, where they run on this machine."""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

LOCAL = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})  # noqa: S104  (compared with, not bound to)


def port_of(url: str | None, default: int) -> int | None:
    """The local port that a URL names; None if it is another machine's."""
    if not url:
        return None
    parts = urlsplit(url)
    return (parts.port or default) if parts.hostname in LOCAL else None


def listeners() -> dict[int, int]:
    """Who listens on which TCP port, as far as we may see."""
    found: dict[int, int] = {}
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr:
            found[connection.laddr.port] = connection.pid
    return found


class Look(NamedTuple):
    """One look: when, CPU seconds and resident bytes by group, CPU seconds of the whole machine."""

    at: float
    cpu: dict[str, float]
    rss: dict[str, float]
    busy: float


class Processes:
    """Groups of process trees, each by the port that its root listens on, beside the generator's own."""

    name = "processes"

    def __init__(self, ports: Mapping[str, Iterable[int]]) -> None:
        self.ports = {group: list(numbers) for group, numbers in ports.items()}
        self.trees: dict[str, list[psutil.Process]] = {}
        self.spent: dict[int, float] = {}
        self.pids: dict[str, set[int]] = {}
        self.before: tuple[float, dict[str, float]] | None = None
        self.cores = float(psutil.cpu_count() or 1)

    async def open(self) -> None:
        """Find the roots. What other machines run stays unseen."""
        by_port = await asyncio.to_thread(listeners)
        for group, numbers in self.ports.items():
            roots = {_top(psutil.Process(by_port[number])) for number in numbers if number in by_port}
            if roots:
                self.trees[group] = sorted(roots, key=lambda process: process.pid)
        # Ourselves, and the generator's processes below us.
        self.trees["conductor"] = [psutil.Process(os.getpid())]

    async def tick(self) -> dict[str, float]:
        """CPU in percent of one core since the last tick, and memory, by group."""
        now, spent, memory = time.monotonic(), {}, {}
        for group, roots in self.trees.items():
            spent[group], memory[group] = self._look(group, roots)
        reading = {f"rss.{group}": value for group, value in memory.items()}
        if self.before:
            passed = now - self.before[0]
            for group, value in spent.items():
                reading[f"cpu.{group}"] = max(0.0, value - self.before[1].get(group, 0.0)) / passed * 100
        self.before = (now, spent)
        return reading

    async def mark(self) -> "Look":
        """CPU seconds and memory so far, and how busy the whole machine was."""
        looks = {group: self._look(group, roots) for group, roots in self.trees.items()}
        times = psutil.cpu_times()
        busy = sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
        cpu = {group: look[0] for group, look in looks.items()}
        return Look(time.monotonic(), cpu, {group: look[1] for group, look in looks.items()}, busy)

    def difference(self, begin: "Look", end: "Look") -> dict[str, Any]:
        """Mean CPU in percent of one core, and memory at the end, by group; and what strangers took of the machine."""
        passed = end.at - begin.at
        spent = {group: seconds - begin.cpu.get(group, 0.0) for group, seconds in end.cpu.items()}
        strangers = max(0.0, end.busy - begin.busy - sum(spent.values()))
        facts: dict[str, Any] = {
            group: {"cpu": seconds / passed * 100, "rss": end.rss[group]} for group, seconds in spent.items()
        }
        # Only where the service runs here, too, does it matter who else does.
        if "api" in facts:
            facts["strangers"] = {"share": strangers / passed / self.cores * 100}
        return facts

    async def close(self) -> None:
        """Nothing is held."""

    def _look(self, group: str, roots: list[psutil.Process]) -> tuple[float, float]:
        """CPU seconds of the trees, of processes that have ended since included, and resident bytes (shared ones
        are counted in each)."""
        memory = 0.0
        for process in self._family(group, roots):
            try:
                times = process.cpu_times()
                memory += process.memory_info().rss
            except psutil.Error:
                continue
            self.spent[process.pid] = times.user + times.system
        seconds = sum(self.spent.get(pid, 0.0) for pid in self.pids[group])
        return seconds, memory

    def _family(self, group: str, roots: list[psutil.Process]) -> list[psutil.Process]:
        family = []
        for root in roots:
            try:
                family += [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
        self.pids.setdefault(group, set()).update(process.pid for process in family)
        return family


def _top(process: psutil.Process) -> psutil.Process:
    """The oldest ancestor that runs the same program: a server's supervisor process rather than one worker."""
    try:
        parent = process.parent()
        while parent and parent.pid > 1 and _program(parent) == _program(process):
            process, parent = parent, parent.parent()
    except psutil.Error:
        return process
    return process


def _program(process: psutil.Process) -> tuple[str, ...]:
    """What runs: the title's first word (servers write their own), and for Python the module or script too."""
    words = process.cmdline() or [""]
    first = words[0].split()[0] if words[0] else ""
    return tuple(words[:3]) if "python" in first else (first,)
