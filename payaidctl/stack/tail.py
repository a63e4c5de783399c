"""The ends of logs, and what is added to them."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

CHUNK = 65_536
EVERY_S = 0.2


def tail(logs: Mapping[str, Path], count: int, *, follow: bool = False) -> Iterator[str]:
    """The last lines of each log; several logs have their names before the lines."""
    width = max(map(len, logs), default=0)

    def named(name: str, line: str) -> str:
        return line if len(logs) == 1 else f"{name:<{width}} | {line}"

    ends = {}
    for name, path in logs.items():
        ends[name] = path.stat().st_size if path.is_file() else 0
        for line in last_lines(path, count):
            yield named(name, line)
    while follow:
        time.sleep(EVERY_S)
        for name, path in logs.items():
            added, ends[name] = _added(path, ends[name])
            for line in added:
                yield named(name, line)


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a file, read from its end; none when there is no file."""
    if not path.is_file() or count <= 0:
        return []
    with path.open("rb") as file:
        place, text = path.stat().st_size, b""
        while place > 0 and text.count(b"\n") <= count:
            step = min(CHUNK, place)
            place -= step
            file.seek(place)
            text = file.read(step) + text
    return text.decode(errors="replace").splitlines()[-count:]


def _added(path: Path, end: int) -> tuple[list[str], int]:
    """Whole lines beyond `end`, and the new end. A log that was rotated is read from its start."""
    if not path.is_file():
        return [], 0
    if path.stat().st_size < end:
        end = 0
    with path.open("rb") as file:
        file.seek(end)
        text = file.read()
    whole = text.rfind(b"\n") + 1
    return text[:whole].decode(errors="replace").splitlines(), end + whole
