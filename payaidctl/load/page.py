"""The page's part about a load run: figures, charts and tables, for templates/report/load_run.html."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from payaidctl.finding import Report
from payaidctl.load import chart
from payaidctl.load.measure import Unknown
from payaidctl.load.quantile import by_second, corrected, histogram, quantile
from payaidctl.load.result import Run
from payaidctl.load.sample import HITS, Cache, Sample, Wrong, read_mistakes
from payaidctl.load.units import show
from payaidctl.tell import html

PAGE = "report.html"
SAMPLES_SHOWN = 25
HEADLINE = (
    "p50", "p95", "p99", "p95-cached", "p95-uncached", "errors", "throughput", "users", "hit-rate", "primary-reads",
)  # fmt: skip
WORDS = {
    "p50": "median", "p95-cached": "p95 from the cache", "p95-uncached": "p95 of the rest", "errors": "errors",
    "throughput": "answers a second", "users": "users",
    "hit-rate": "cache hits", "primary-reads": "reads on the primary",
}  # fmt: skip
READ_CLASSES = ("list", "detail", "stats", "search")


def write(run: Run, report: Report) -> Path:
    """Write the whole page of a run beside its result: the page of every report, with this run's pictures."""
    drawn = _drawn(run, report.facts, read_mistakes(run.folder)[:SAMPLES_SHOWN])
    page = run.folder / PAGE
    page.write_text(html.render(report, "load_page.html", run=drawn), encoding="utf-8")
    return page


def _drawn(run: Run, facts: Mapping[str, Any], mistakes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "name": run.name,
        "profile": run.profile.name,
        "figures": _figures(run),
        "charts": [Markup(svg) for svg in charts(run)],  # noqa: S704  (chart.py escapes every text)
        "names": facts["names"],
        "classes": facts["classes"],
        "mistakes": mistakes,
        "failing": facts["mistakes"],
        "databases": {
            name: seen for name, seen in facts["watched"].items() if name == "primary" or name.startswith("replica")
        },
        "watched": facts["watched"],
        "notWatched": facts["notWatched"],
        "environment": facts["environment"],
        "folder": facts["folder"],
        "show": show,
    }


def _figures(run: Run) -> list[tuple[str, str]]:
    figures = []
    for metric in HEADLINE:
        try:
            kind = "%" if metric in {"errors", "hit-rate", "primary-reads"} else "ms"
            kind = {"throughput": "/s", "users": ""}.get(metric, kind)
            figures.append((WORDS.get(metric, metric), show(run.measures.get(metric), kind)))
        except Unknown:
            figures.append((WORDS.get(metric, metric), "unknown"))
    return figures


def charts(run: Run) -> list[str]:
    """Every picture, in the order of the questions that people ask."""
    seconds = _Seconds(run)
    return [
        seconds.latency(),
        _distribution(run),
        seconds.throughput(),
        seconds.hit_rate(),
        seconds.split(),
        _cpu(run, seconds.shades),
        _lag(run, seconds.shades),
    ]


class _Seconds:
    """Series by the second since the first request."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.steps = run.measures.steps
        counted = [sample for sample in run.samples if self._counts(sample)]
        self.origin = counted[0].intended / 1e6 if counted else run.started
        self.seconds = by_second(counted, int(self.origin * 1e6))
        self.last = max(self.seconds, default=0)
        self.shades = self._shades()

    def _counts(self, sample: Sample) -> bool:
        if sample.name >= len(self.steps):
            return sample.tenant != self.run.measures.noisy
        return not self.steps[sample.name].apart

    def _shades(self) -> list[chart.Shade]:
        if not self.run.start:
            return [chart.Shade(0, self.last + 1, "no plateau")]
        found = [chart.Shade(0, self.run.start - self.origin, "ramp and settling: not judged")]
        if self.last + 1 > self.run.end - self.origin:
            found.append(chart.Shade(self.run.end - self.origin, self.last + 1, ""))
        return found

    def latency(self) -> str:
        """Percentiles of each second, corrected."""
        series = []
        for colour, (name, share) in enumerate({"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}.items()):
            points = [
                (float(second), quantile(corrected(batch), share) / 1000)
                for second, batch in sorted(self.seconds.items())
            ]
            series.append(chart.Line(name, points, colour, dashed=name == "max"))
        return chart.lines(
            "Response time by second, corrected for coordinated omission", series, "ms (logarithmic)",
            shades=self.shades, log=True,
        )  # fmt: skip

    def throughput(self) -> str:
        """Answers and mistakes by second."""
        good, bad = [], []
        for second in range(self.last + 1):
            batch = self.seconds.get(second, [])
            wrong = sum(sample.wrong not in {Wrong.NOTHING, Wrong.UNSENT} for sample in batch)
            good.append((float(second), float(sum(sample.status > 0 for sample in batch))))
            bad.append((float(second), float(wrong)))
        series = [chart.Line("answers", good, 0), chart.Line("errors", bad, 3)]
        return chart.lines("Throughput", series, "per second", shades=self.shades)

    def hit_rate(self) -> str:
        """Hits by class, over five seconds each, by what the answers said."""
        series = []
        for colour, kind in enumerate(READ_CLASSES):
            points: list[tuple[float, float | None]] = []
            for start in range(0, self.last + 1, 5):
                told = [
                    sample.cache for second in range(start, start + 5) for sample in self.seconds.get(second, [])
                    if sample.name < len(self.steps) and self.steps[sample.name].kind == kind
                    and sample.cache != Cache.SILENT
                ]  # fmt: skip
                rate = 100 * sum(cache in HITS for cache in told) / len(told) if told else None
                points.append((start + 2.5, rate))
            if any(y is not None for _, y in points):
                series.append(chart.Line(kind, points, colour))
        return chart.lines("Cache hits by class", series, "% of answers", shades=self.shades, top=100)

    def split(self) -> str:
        """Reads by server, as the service counted them."""
        service = self.run.seen.get("service")
        readings = [(at - self.origin, reading) for at, reading in service.series] if service else []
        readings = [(at, reading) for at, reading in readings if at >= 0]
        replica = [(at, reading.get("replicaReads", 0.0) / 2) for at, reading in readings]
        primary = [(at, reading.get("primaryReads", 0.0) / 2) for at, reading in readings]
        series = [chart.Line("replicas", replica, 2), chart.Line("primary", primary, 3)]
        return chart.stack(
            "Reads that reached a database", series if readings else [], "per second", shades=self.shades
        )


def _distribution(run: Run) -> str:
    group = run.measures.groups[""]
    ordered = corrected(group.samples)
    marks = []
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)) if ordered else ():
        value = quantile(ordered, share) / 1000
        marks.append((value, f"{name} {show(value, 'ms')}"))
    return chart.bars("Distribution of response times on the plateau", histogram(ordered), "ms (logarithmic)", marks)


def _origin(run: Run) -> float:
    return run.samples[0].intended / 1e6 if run.samples else run.started


def _cpu(run: Run, shades: Sequence[chart.Shade]) -> str:
    origin = _origin(run)
    lines = [
        chart.Line(f"generator {name}", [(at - origin, cpu) for at, cpu in readings if at >= origin], 0, dashed=True)
        for name, readings in run.generator.items()
    ]
    processes = run.seen.get("processes")
    groups: dict[str, list[tuple[float, float | None]]] = {}
    for at, reading in processes.series if processes else []:
        for key, value in reading.items():
            if key.startswith("cpu.") and key != "cpu.conductor" and at >= origin:
                groups.setdefault(key.removeprefix("cpu."), []).append((at - origin, value))
    for colour, (name, points) in enumerate(sorted(groups.items()), start=1):
        lines.append(chart.Line(name, points, colour % 8))
    return chart.lines("CPU", lines, "% of one core", shades=shades)


def _lag(run: Run, shades: Sequence[chart.Shade]) -> str:
    origin, seen = _origin(run), run.seen.get("lag")
    names = sorted({name for _, reading in seen.series for name in reading}) if seen else []
    lines = [
        chart.Line(
            name.replace("lag", "replica "),
            [(at - origin, reading[name] / 1024) for at, reading in (seen.series if seen else []) if at >= origin],
            colour,
        )
        for colour, name in enumerate(names)
    ]
    return chart.lines("Replication lag", lines, "KiB of WAL", shades=shades)
