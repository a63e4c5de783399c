"""The stack's ports: chosen once and kept, because the cluster's own records hold them."""

import contextlib
import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

import psutil

from payaidctl.errors import Failed

# Below the ranges that kernels take outgoing ports from (Linux 32768.., others 49152..), so that no client
# connection sits on a kept port when the stack comes back. A cluster node also takes its port + 10000.
PLAIN = range(22_000, 32_000)
CLUSTER = range(11_000, 21_900)
BUS = 10_000
LOOPBACK = "127.0.0.1"


class PortTaken(Failed):
    """A kept port is held by a program that is not ours."""


def load(record: Path, names: Iterable[str], clustered: Iterable[str]) -> dict[str, int]:
    """The recorded ports, completed and recorded anew where a name has none yet."""
    kept: dict[str, int] = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    missing = [name for name in names if name not in kept]
    for name in missing:
        kept[name] = choose(clustered=name in set(clustered), beside=kept.values())
    if missing:
        record.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return kept


def change(record: Path, names: Iterable[str], clustered: Iterable[str]) -> None:
    """Record other ports for these names."""
    kept: dict[str, int] = json.loads(record.read_text(encoding="utf-8"))
    for name in names:
        kept[name] = choose(clustered=name in set(clustered), beside=kept.values())
    record.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def choose(*, clustered: bool, beside: Iterable[int] = ()) -> int:
    """A free port that is none of `beside`, nor a bus port of theirs."""
    avoid = {port + offset for port in beside for offset in (0, BUS)}
    for port in random.sample(CLUSTER if clustered else PLAIN, 500):
        wanted = _wanted(port, clustered=clustered)
        if not avoid.intersection(wanted) and all(map(free, wanted)):
            return port
    raise Failed("no free port was found on 127.0.0.1", "look at what listens there: ss -ltn")


def free(port: int) -> bool:
    """Whether a server could listen here now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # What servers set themselves: else a connection in TIME_WAIT would look like a taken port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def holder(port: int) -> psutil.Process | None:
    """The process that listens on a port, as far as we may see."""
    with contextlib.suppress(psutil.AccessDenied):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid and tuple(connection.laddr)[1] == port:
                return psutil.Process(connection.pid)
    return None


def require_free(component: str, port: int, *, clustered: bool = False) -> None:
    """Make sure that a component which does not run can have its port.

    Raises:
        PortTaken: another program holds it.
    """
    for wanted in _wanted(port, clustered=clustered):
        if free(wanted):
            continue
        process = holder(wanted)
        who = f"{process.name()} (pid {process.pid})" if process else "another user's program"
        raise PortTaken(
            f"port {wanted} of {component} is taken by {who}",
            "stop that program, or take other ports with `payaidctl up --new-ports`",
        )


def taken(port: int, *, clustered: bool) -> bool:
    """Whether somebody has this port (or its bus port)."""
    return not all(map(free, _wanted(port, clustered=clustered)))


def _wanted(port: int, *, clustered: bool) -> tuple[int, ...]:
    return (port, port + BUS) if clustered else (port,)
