"""Work for a process of its own."""

import os
import time
from pathlib import Path

from payaid.jobs.policy import Permanent


def burn(world: str, how: str) -> int:
    """Keep a processor busy, die, or answer the process' id."""
    os.write(1, b"what a library prints gets in nobody's way")
    Path(world).write_text(str(os.getpid()))
    if how == "die":
        os.kill(os.getpid(), 9)
    if how == "refuse":
        raise Permanent("no such thing")
    until = time.monotonic() + (60 if how == "forever" else 0)
    while time.monotonic() < until:
        pass
    if how == "secrets":
        return len([name for name in os.environ if "SECRET" in name or "URL" in name])
    return os.getpid()
