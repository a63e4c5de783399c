"""Text for people: a table on a terminal, the same facts as plain lines in a pipe."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from payaidctl.finding import Finding, Report, Status, Verdict
from payaidctl.tell import table
from payaidctl.tell.words import MARKS, VERDICT_WORDS, by_area, by_urgency, clean, tally

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.WARN: "yellow",
    Status.SKIP: "dim",
    Status.INCONCLUSIVE: "bold magenta",
    Status.WAIVED: "cyan",
}
VERDICT_COLOURS = {
    Verdict.PASS: "bold green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "bold magenta",
}
# Of these a person wants to read why, and what to do.
EXPLAINED = (Status.FAIL, Status.INCONCLUSIVE, Status.WARN, Status.WAIVED)


def show(report: Report) -> None:
    """Print the report on stdout: as tables where that is a terminal, as plain lines otherwise."""
    from payaidctl.terminal import answers

    console = answers()
    if console.is_terminal:
        _show_tables(report, console)
    else:
        console.file.write(render(report))


def render(report: Report) -> str:
    """Plain lines: one a finding, with what was seen, expected and advised under what did not pass."""
    lines = [f"payaidctl {report.command} · {report.target}", ""]
    if tabled := table.lines(report):
        lines += [*tabled, ""]
    for area, findings in by_area(_untold(report, tabled)).items():
        if area:
            lines.append(area)
        width = max(len(finding.id) for finding in findings)
        for finding in findings:
            lines += _lines(finding, width)
        lines.append("")
    lines.append(f"{VERDICT_WORDS[report.verdict]}: {tally(report)}")
    return "\n".join(lines) + "\n"


def _untold(report: Report, tabled: Sequence[str]) -> list[Finding]:
    """What a table has not told already: with one, only what needs explaining."""
    return [finding for finding in report.findings if not tabled or finding.status in EXPLAINED]


def _lines(finding: Finding, width: int) -> list[str]:
    opening = f"  {MARKS[finding.status]} {finding.status.value:<12} {finding.id:<{width}}  {finding.title}"
    if finding.status not in EXPLAINED:
        return [" ".join((opening, clean(finding.observed))).rstrip()]
    rows = (("observed", finding.observed), ("expected", finding.expected), ("fix", finding.advice))
    return [opening, *(f"      {name:<8}  {clean(value)}" for name, value in rows if value)]


def _show_tables(report: Report, console: "Console") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print(Text(f"payaidctl {report.command}", style="bold"), Text(f"· {report.target}", style="dim"))
    if tabled := table.lines(report):
        console.print(Text("\n".join(tabled)), soft_wrap=True)
        console.print()
    for area, findings in by_area(_untold(report, tabled)).items():
        grid = Table(title=area or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, expand=False)
        grid.add_column("")
        grid.add_column("id", overflow="fold", style="dim")
        grid.add_column("what", overflow="fold", ratio=2)
        grid.add_column("observed", overflow="fold", ratio=2)
        grid.add_column("expected", overflow="fold", ratio=2)
        for finding in findings:
            mark = Text(f"{MARKS[finding.status]} {finding.status.value}", style=COLOURS[finding.status])
            texts = (finding.id, finding.title, finding.observed, finding.expected)
            grid.add_row(mark, *(Text(clean(text)) for text in texts))
        console.print(grid)
    _show_advice(report, console)
    verdict = Text(VERDICT_WORDS[report.verdict], style=VERDICT_COLOURS[report.verdict])
    console.print(verdict, Text(tally(report)))


def _show_advice(report: Report, console: "Console") -> None:
    from rich.text import Text

    advised = [finding for finding in by_urgency(report.findings) if finding.advice and finding.status in EXPLAINED]
    if not advised:
        return
    console.print(Text("What to do next", style="bold"))
    for finding in advised:
        line = Text("  ")
        line.append(finding.id, style=COLOURS[finding.status])
        line.append(f"  {clean(finding.advice)}")
        console.print(line)
    console.print()
