"""The stack's own processes: how to know them, and how to see them end."""

import contextlib
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from payaidctl.errors import Failed

EVERY_S = 0.02


def ours(home: Path, folders: Iterable[str]) -> list[psutil.Process]:
    """Every process that works in one of these folders of the stack's home, except a person's shell."""
    wanted = {home / name for name in folders}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if Path(process.cwd()) in wanted and process.terminal() is None:
                found.append(process)
    return found


def end_leftovers(home: Path, folders: Iterable[str], patience_s: float = 60.0) -> int:
    """End what outlived a supervisor that was killed; return how many processes that were."""
    left = ours(home, folders)
    known = {process.pid for process in left}
    for process in left:
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in known:  # children follow their parents
                # INT is PostgreSQL's fast shutdown; to PgBouncer it means: wait for every client.
                process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    for process in left:
        await_end(process.pid, max(0.1, deadline - time.monotonic()))
    return len(left)


def await_end(pid: int, patience_s: float) -> None:
    """Return when a process is gone, or is nothing but an entry that its parent has yet to collect."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(EVERY_S)
    raise Failed(f"process {pid} did not end within {patience_s:.0f} s", "look at what it waits for, or kill it")
