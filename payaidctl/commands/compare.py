"""Compare two load runs: each figure's change, and its noise."""

from typing import Annotated

import typer

from payaidctl.options import Output, OutputOption, ReportOption

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, the beginning of it, its folder, or `latest`.")]


def command(
    before: Run,
    after: Run,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Tabulate two runs. A change counts as better or worse only when it is larger than the noise of both.

    \b
    Examples:
      payaidctl compare 1k-20260401 latest
    """
    from payaidctl.finding import Finding, Status, Stopwatch
    from payaidctl.load.compare import compare, load
    from payaidctl.load.plan import find_run
    from payaidctl.load.units import show
    from payaidctl.tell import tell

    watch = Stopwatch("compare", f"{before} and {after}")
    past, recent = load(find_run(before)), load(find_run(after))
    findings = []
    for change in compare(past, recent):
        noise = "noise unknown" if change.noise is None else f"noise ±{show(change.noise, change.kind)}"
        sign = "+" if change.difference >= 0 else "-"
        findings.append(
            Finding(
                f"compare.{change.figure}",
                Status.WARN if change.word == "worse" else Status.PASS,
                f"{change.figure}: {change.word}",
                f"{show(change.after, change.kind)} ({sign}{show(abs(change.difference), change.kind)}, {noise})",
                f"{show(change.before, change.kind)} in {past.name}",
                {"before": change.before, "after": change.after, "noise": change.noise},
            )
        )
    report = watch.report(findings, {"before": past.name, "after": recent.name})
    raise typer.Exit(int(tell(report, output, report_file)))
