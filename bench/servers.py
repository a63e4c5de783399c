"""Starts and ends the servers that are compared, each on a port of its own on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it is, how long it took to answer, and its main process."""

    url: str
    startup_s: float
    pid: int

    def worker_bytes(self) -> int:
        """Resident memory of its largest worker."""
        children = psutil.Process(self.pid).children()
        return max((child.memory_info().rss for child in children), default=0)


@contextmanager
def payaid(env: Mapping[str, str], **settings: str) -> Iterator[Server]:
    """Our service under these settings."""
    with _run([sys.executable, "-m", "payaid", "serve"], {**env, "RUN_DIR": "", **settings}, "/health/ready") as server:
        yield server


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bare server sends: these headers, and one of so many bodies, in turns, of so many bytes each."""

    headers: list[tuple[str, str]]
    size: int
    bodies: int

    def plain(self) -> "Answer":
        """One body for everybody, with no more headers than it needs."""
        needed = [(name, value) for name, value in self.headers if name in {"content-type", "content-length"}]
        return Answer(needed, self.size, 1)


@contextmanager
def bare(answer: Answer) -> Iterator[Server]:
    """Granian with an app that sends this and does nothing else."""
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--http", "1",
        "--no-ws", "--backlog", "4096", "--backpressure", "12000", "--log-level", "error", "bench.bare:app",
    ]  # fmt: skip
    headers = json.dumps(answer.headers)
    env = {"BENCH_BYTES": str(answer.size), "BENCH_BODIES": str(answer.bodies), "BENCH_HEADERS": headers}
    with _run(command, env, "/") as server:
        yield server


@contextmanager
def _run(command: list[str], env: Mapping[str, str], ready: str) -> Iterator[Server]:
    port = _free_port()
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    given = {**inherited, **env, "PORT": str(port), "GRANIAN_PORT": str(port), "HOST": "127.0.0.1"}
    started = time.perf_counter()
    # A group that can be killed whole, in our session: Linux shares the processors out among sessions (autogroup), and
    # then servers of one each lose a fifth to being moved about.
    process = subprocess.Popen(
        command, env=given, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _await(f"{url}{ready}", process)
        yield Server(url, time.perf_counter() - started, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode} before it answered {url}")
        try:
            if httpx.get(url, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise SystemExit(f"{url} did not answer within 30 s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
