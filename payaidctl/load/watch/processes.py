"""CPU and memory of the server's processes and of ourselves, where they run on this machine."""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any
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


class Processes:
    """Groups of process trees, each by the port that its root listens on, beside the generator's own."""

    name = "processes"

    def __init__(self, ports: Mapping[str, Iterable[int]]) -> None:
        self.ports = {group: list(numbers) for group, numbers in ports.items()}
        self.trees: dict[str, list[psutil.Process]] = {}
        self.spent: dict[int, float] = {}
        self.pids: dict[str, set[int]] = {}
        self.before: tuple[float, dict[str, float]] | None = None

    async def open(self) -> None:
        """Find the roots. What other machines run stays unseen."""
        by_port = await asyncio.to_thread(listeners)
        for group, numbers in self.ports.items():
            roots = {_top(psutil.Process(by_port[number])) for number in numbers if number in by_port}
            if roots:
                self.trees[group] = sorted(roots, key=lambda process: process.pid)
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

    async def mark(self) -> tuple[float, dict[str, float], dict[str, float]]:
        """CPU seconds and memory so far."""
        looks = {group: self._look(group, roots) for group, roots in self.trees.items()}
        cpu = {group: look[0] for group, look in looks.items()}
        return time.monotonic(), cpu, {group: look[1] for group, look in looks.items()}

    def difference(self, begin: Any, end: Any) -> dict[str, Any]:
        """Mean CPU in percent of one core, and memory at the end, by group."""
        passed = end[0] - begin[0]
        return {
            group: {"cpu": (seconds - begin[1].get(group, 0.0)) / passed * 100, "rss": end[2][group]}
            for group, seconds in end[1].items()
        }

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
                # The conductor's children are the generator's processes, which tell of themselves.
                family += [root] if group == "conductor" else [root, *root.children(recursive=True)]
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
