"""Where the processes of one instance leave their figures, so that /metrics on any of them answers for all."""

import asyncio
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from payaid import observe

EVERY_S = 1.0
OWNER = re.compile(r"-(\d+)\.prom$")
COMMENT = b"# "


def process_name(instance: str) -> str:
    """Who this process is, in X-Instance, metrics and claims alike."""
    return f"{instance}-{os.getpid()}"


class MetricsFile:
    """RUN_DIR/metrics/<process>.prom: whole at every moment, gone with the process. No RUN_DIR, no file."""

    def __init__(self, run_dir: str, process: str) -> None:
        self.path = Path(run_dir) / "metrics" / f"{process}.prom" if run_dir else None
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, text: bytes) -> None:
        """Replace the file."""
        if self.path:
            fresh = self.path.with_suffix(".new")
            fresh.write_bytes(text)
            fresh.replace(self.path)

    def remove(self) -> None:
        """The process ends: nobody should read its last figures as current."""
        if self.path:
            self.path.unlink(missing_ok=True)


class Exposition:
    """This process's figures, left where its siblings find them, and theirs."""

    def __init__(self, run_dir: str, process: str, render: Callable[[], bytes]) -> None:
        self._file = MetricsFile(run_dir, process)
        self._render = render
        self._recent: tuple[float, bytes] = (float("-inf"), b"")
        self._rendering = asyncio.Lock()

    async def keep(self) -> None:
        """Write the figures every second, until cancelled."""
        if self._file.path is None:
            return
        try:
            while True:
                # Some tens of milliseconds with many routes, in which no request would be answered.
                try:
                    self._file.write(await asyncio.to_thread(self._render))
                except Exception as error:  # noqa: BLE001  # a bug; without figures nobody would see the next one
                    observe.emit(observe.Crashed("Exposition.keep", "", error))
                await asyncio.sleep(EVERY_S)
        finally:
            self._file.remove()

    async def recent(self) -> bytes:
        """`all`, a second old at most: made off the event loop, and once however many ask."""
        async with self._rendering:
            if time.monotonic() - self._recent[0] >= EVERY_S:
                self._recent = (time.monotonic(), await asyncio.to_thread(self.all))
            return self._recent[1]

    def all(self) -> bytes:
        """This process's figures of now, and its siblings' of the last second; what dead processes left is removed."""
        own = self._file.path
        texts = [self._render()]
        for path in sorted(own.parent.glob("*.prom")) if own else ():
            if path == own:
                continue
            owner = OWNER.search(path.name)
            if owner and not psutil.pid_exists(int(owner[1])):
                path.unlink(missing_ok=True)
                continue
            texts.append(_read(path))
        return merged(texts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # its process ended a moment ago
        return b""


def merged(texts: list[bytes]) -> bytes:
    """Expositions joined by family: the format wants a family's HELP and TYPE once, and its samples together."""
    families: dict[bytes, tuple[list[bytes], list[bytes]]] = {}
    for text in texts:
        name = b""
        for line in text.splitlines():
            if line.startswith(COMMENT):
                name = line.split(b" ", 3)[2]
                heads, _ = families.setdefault(name, ([], []))
                if len(heads) < 2:
                    heads.append(line)
            elif line:
                families.setdefault(name, ([], []))[1].append(line)
    lines = [line for heads, samples in families.values() for line in (*heads, *samples)]
    return b"\n".join(lines) + b"\n"
