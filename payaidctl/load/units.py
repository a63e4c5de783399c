"""Quantities as people write them in a profile: `500 ms`, `0.1 %`, `180 s`, `5-15 s`, `16 MiB`. Pure."""

import re

# Every unit with the kind of quantity it measures, and its size in that kind's own unit (ms, %, /s, B, count).
UNITS: dict[str, tuple[str, float]] = {
    "us": ("ms", 0.001),
    "µs": ("ms", 0.001),
    "ms": ("ms", 1.0),
    "s": ("ms", 1000.0),
    "min": ("ms", 60_000.0),
    "h": ("ms", 3_600_000.0),
    "%": ("%", 1.0),
    "/s": ("/s", 1.0),
    "/min": ("/s", 1 / 60),
    "B": ("B", 1.0),
    "KiB": ("B", 1024.0),
    "MiB": ("B", 1024.0**2),
    "GiB": ("B", 1024.0**3),
    "": ("", 1.0),
}
QUANTITY = re.compile(r"\s*(?P<number>\d[\d_,]*(?:\.\d+)?)\s*(?P<unit>[^\s\d]*)\s*")
SPAN = re.compile(r"\s*(?P<low>\d+(?:\.\d+)?)\s*-\s*(?P<high>\d+(?:\.\d+)?)\s*(?P<unit>\S+)\s*")


def quantity(text: object, kind: str) -> float:
    """The number in the kind's own unit: `quantity("2 s", "ms")` is 2000.

    Raises:
        ValueError: not a quantity, or one of another kind; the message says what was expected.
    """
    match = QUANTITY.fullmatch(str(text))
    if not match:
        raise ValueError(f"`{text}` is not {_wanted(kind)}")
    found = UNITS.get(match["unit"])
    if found is None or found[0] != kind:
        raise ValueError(f"`{text}` is not {_wanted(kind)}")
    return float(match["number"].replace("_", "").replace(",", "")) * found[1]


def seconds(text: object) -> float:
    """A duration in seconds."""
    return quantity(text, "ms") / 1000


def span(text: object) -> tuple[float, float]:
    """`5-15 s` as (5.0, 15.0), in seconds."""
    match = SPAN.fullmatch(str(text))
    if not match or UNITS.get(match["unit"], ("", 0))[0] != "ms":
        raise ValueError(f"`{text}` is not a span of time such as `5-15 s`")
    scale = UNITS[match["unit"]][1] / 1000
    low, high = float(match["low"]) * scale, float(match["high"]) * scale
    if not 0 < low <= high:
        raise ValueError(f"`{text}` does not run from a smaller to a larger time")
    return low, high


def show(value: float, kind: str) -> str:
    """The number as a person wants to read it, with its unit."""
    if kind == "ms":
        return f"{value / 1000:.2f} s" if value >= 10_000 else f"{value:.{_places(value)}f} ms"
    if kind == "B":
        for unit in ("GiB", "MiB", "KiB"):
            if value >= UNITS[unit][1]:
                return f"{value / UNITS[unit][1]:.1f} {unit}"
        return f"{value:.0f} B"
    if kind == "%":
        return f"{value:.{3 if 0 < value < 0.1 else 2 if value < 10 else 1}f} %"
    if kind == "/s":
        return f"{value:,.1f} /s"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _places(value: float) -> int:
    return 2 if value < 10 else 1 if value < 100 else 0


def _wanted(kind: str) -> str:
    examples = {"ms": "500 ms", "%": "0.1 %", "/s": "100 /s", "B": "16 MiB", "": "10000"}
    return f"a quantity such as `{examples[kind]}`"
