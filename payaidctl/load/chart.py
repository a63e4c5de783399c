"""Charts as inline SVG: no script, no outside host, readable on paper and by a screen reader. Pure.

Colours are CSS custom properties of the page (`--c0` ... `--c7`), so that light and dark both have contrast.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 260
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 14, 34
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One named series of (x, y); a y of None breaks the line."""

    name: str
    points: Sequence[tuple[float, float | None]]
    colour: int
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Shade:
    """A stretch of the x axis that is set apart, such as the ramp."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels, with the ticks that an axis shows."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        return self.start + (at - low) / ((high - low) or 1) * (self.end - self.start)


def linear(low: float, high: float, start: float, end: float, count: int = 5) -> Scale:
    """An axis from `low` to at least `high` with round ticks."""
    span = max(high - low, 1e-9)
    power = 10 ** math.floor(math.log10(span / count))
    step = next(nice * power for nice in NICE if nice * power >= span / count * 0.999)
    top = math.ceil((high - low) / step - 1e-9) * step + low
    ticks = tuple(low + step * number for number in range(round((top - low) / step) + 1))
    return Scale(low, top, start, end, ticks)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """An axis by powers of ten, from a power at or under `low` to one at or over `high`."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    last = max(last, first + 1)
    ticks = tuple(10.0**power for power in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], start, end, ticks, logarithmic=True)


def lines(
    title: str, series: Sequence[Line], unit: str, *, shades: Sequence[Shade] = (), log: bool = False,
    top: float | None = None, bounds: Sequence[tuple[float, str]] = (),
) -> str:  # fmt: skip
    """Values over seconds. `bounds` are horizontal lines, such as thresholds, with their labels."""
    ys = [y for line in series for _, y in line.points if y is not None] + [value for value, _ in bounds]
    xs = [x for line in series for x, _ in line.points]
    if not xs or not ys:
        return empty(title)
    x = linear(0, max(xs), LEFT, WIDTH - RIGHT, 8)
    x = Scale(0, max(xs), LEFT, WIDTH - RIGHT, tuple(tick for tick in x.ticks if tick <= max(xs) + 1e-9))
    positive = [y for y in ys if y > 0]
    if log and positive:
        y = logarithmic(max(min(positive), 1e-2), max(positive), HEIGHT - BOTTOM, TOP)
    else:
        y = linear(0, top if top is not None else max(*ys, 1e-6), HEIGHT - BOTTOM, TOP)
    body = [_shades(shades, x), _grid(x, y, unit, "s"), _bounds(bounds, y)]
    body += [_path(line, x, y) for line in series]
    return _figure(title, "".join(body), [(line.name, line.colour, line.dashed) for line in series])


def stack(title: str, series: Sequence[Line], unit: str, *, shades: Sequence[Shade] = ()) -> str:
    """Areas on top of each other, over seconds; all series share their x."""
    xs = [x for x, _ in series[0].points] if series else []
    if not xs:
        return empty(title)
    sums = [0.0] * len(xs)
    layers = []
    for line in series:
        below = list(sums)
        sums = [total + (y or 0.0) for total, (_, y) in zip(sums, line.points, strict=True)]
        layers.append((line, below, list(sums)))
    scale = linear(0, max(xs), LEFT, WIDTH - RIGHT, 8)
    x = Scale(0, max(xs), LEFT, WIDTH - RIGHT, tuple(tick for tick in scale.ticks if tick <= max(xs) + 1e-9))
    y = linear(0, max(*sums, *(max(above) for _, _, above in layers), 1e-6), HEIGHT - BOTTOM, TOP)
    body = [_shades(shades, x), _grid(x, y, unit, "s")]
    for line, below, above in layers:
        upper = [f"{x(at):.1f},{y(value):.1f}" for at, value in zip(xs, above, strict=True)]
        lower = [f"{x(at):.1f},{y(value):.1f}" for at, value in zip(xs, below, strict=True)]
        points = " ".join([*upper, *reversed(lower)])
        body.append(f'<polygon points="{points}" fill="var(--c{line.colour})" fill-opacity=".75"/>')
    return _figure(title, "".join(body), [(line.name, line.colour, False) for line in series])


def bars(
    title: str, bins: Sequence[tuple[float, float, int]], unit: str, marks: Sequence[tuple[float, str]] = ()
) -> str:
    """A distribution on a logarithmic axis, with named positions such as p95."""
    if not bins:
        return empty(title)
    x = logarithmic(bins[0][0], bins[-1][1], LEFT, WIDTH - RIGHT)
    y = linear(0, max(count for _, _, count in bins), HEIGHT - BOTTOM, TOP + 12 * len(marks) + 4)
    body = [_grid(x, y, "", unit)]
    for low, high, count in bins:
        if count:
            left, right, height = x(low), x(high), max(y(0) - y(count), 1.0)
            box = f'x="{left:.1f}" y="{y(0) - height:.1f}" width="{max(right - left - 1, 1):.1f}" height="{height:.1f}"'
            tip = f"<title>{low:.3g} to {high:.3g} {unit}: {count:,}</title>"
            body.append(f'<rect {box} rx="1" fill="var(--c0)">{tip}</rect>')
    body.append(_marks(marks, x))
    return _figure(title, "".join(body), [])


def _marks(marks: Sequence[tuple[float, str]], x: Scale) -> str:
    """Vertical lines, each with its label on a row of its own, so that near neighbours stay legible."""
    drawn = []
    for row, (value, label) in enumerate(sorted(marks)):
        at = x(value)
        anchor, shift = ("end", -4) if at > WIDTH - 110 else ("start", 4)
        drawn.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP + 12 * row}" y2="{HEIGHT - BOTTOM}" class="bound"/>'
            f'<text x="{at + shift:.1f}" y="{TOP + 9 + 12 * row}" text-anchor="{anchor}" class="label">'
            f"{escape(label)}</text>"
        )
    return "".join(drawn)


def _grid(x: Scale, y: Scale, y_unit: str, x_unit: str) -> str:
    parts = []
    for tick in y.ticks:
        at = y(tick)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" class="grid"/>'
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{number(tick)}</text>'
        )
    for tick in x.ticks:
        at = x(tick)
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 4}" class="axis"/>'
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{number(tick)}</text>'
        )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end" class="unit">{escape(x_unit)}</text>')
    if y_unit:
        turn = f'transform="rotate(-90 12 {middle})"'
        parts.append(f'<text x="12" y="{middle}" text-anchor="middle" class="unit" {turn}>{escape(y_unit)}</text>')
    return "".join(parts)


def _shades(shades: Sequence[Shade], x: Scale) -> str:
    parts = []
    for shade in shades:
        left, right = x(max(shade.start, x.low)), x(min(shade.end, x.high))
        if right - left > 1:
            parts.append(
                f'<rect x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{HEIGHT - BOTTOM - TOP}" '
                f'class="shade"/>'
                f'<text x="{left + 4:.1f}" y="{TOP + 12}" class="label">{escape(shade.label)}</text>'
            )
    return "".join(parts)


def _bounds(bounds: Sequence[tuple[float, str]], y: Scale) -> str:
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" class="bound"/>'
        f'<text x="{WIDTH - RIGHT - 4}" y="{y(value) - 4:.1f}" text-anchor="end" class="label">{escape(label)}</text>'
        for value, label in bounds
    )


def _path(line: Line, x: Scale, y: Scale) -> str:
    commands, pen = [], "M"
    for at, value in line.points:
        if value is None:
            pen = "M"
            continue
        commands.append(f"{pen}{x(at):.1f} {y(value):.1f}")
        pen = "L"
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    return f'<path d="{" ".join(commands)}" fill="none" stroke="var(--c{line.colour})" stroke-width="1.8"{dash}/>'


def _figure(title: str, body: str, legend: Sequence[tuple[str, int, bool]]) -> str:
    keys = "".join(
        f'<span><i class="{"dash" if dashed else ""}" style="--k:var(--c{colour})"></i>{escape(name)}</span>'
        for name, colour, dashed in legend
    )
    frame = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" class="axis"/>'
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{body}{frame}</svg>'
        + (f"<div class=legend>{keys}</div>" if keys else "")
        + "</figure>"
    )


def empty(title: str) -> str:
    """Where there is nothing to draw, it says so."""
    return f"<figure><figcaption>{escape(title)}</figcaption><p class=nothing>Nothing was measured.</p></figure>"


def number(value: float) -> str:
    """A tick's label."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if suffix == 'k' else size):g}{suffix}"
    return f"{value:.10g}" if value >= 1 or value == 0 else f"{value:.3g}"
