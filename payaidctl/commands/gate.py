"""Run the whole pipeline and score it: for CI, and for the morning of the launch."""

from pathlib import Path
from typing import Annotated

import typer

from payaidctl.commands.readiness import Profile
from payaidctl.options import (
    EnvFileOption,
    Output,
    OutputOption,
    ReportOption,
    TargetOption,
    TimeoutOption,
    YesOption,
)

LOADS = {Profile.CI: "1k", Profile.ROADMAP: "10k", Profile.OPTIMISED: "10k"}


def command(
    *,
    profile: Annotated[Profile, typer.Option("--profile", help="How much is asked.")] = Profile.CI,
    skip: Annotated[list[str] | None, typer.Option("--skip", help="Leave a step out. May be repeated.")] = None,
    fail_under: Annotated[
        int, typer.Option("--fail-under", help="Fail below this score, whatever else passes.", min=0, max=100)
    ] = 0,
    load: Annotated[str | None, typer.Option("--load", help="Another load profile than the gate's own.")] = None,
    waivers: Annotated[Path, typer.Option("--waivers", help="Who answers for what, until when.")] = Path(
        "payaid-waivers.yaml"
    ),
    junit: Annotated[Path | None, typer.Option("--junit", help="Also write JUnit XML here.", dir_okay=False)] = None,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 10.0,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Start, migrate, seed, index, check, warm, load and score; exit 0 only if all of it passes.

    Without --target or --env-file it runs on the embedded stack, which stays up afterwards (`payaidctl down` stops
    it). On a named system only the steps that change nothing are run, and the load test, which needs --yes. A second
    run finds its work done and is quick. Ctrl-C stops what this run started.

    \b
    Examples:
      payaidctl gate
      payaidctl gate --profile ci -o github --junit gate.xml --report gate.html
      payaidctl gate --profile roadmap --skip warm
      payaidctl gate --target staging --skip loadtest --fail-under 90
    """
    from payaidctl.gate import closing
    from payaidctl.gate.run import Wish, gate, page_path
    from payaidctl.target import local_stack, resolve, state_dir
    from payaidctl.tell import html, renderer, tell
    from payaidctl.terminal import answers

    answers()
    named = None if (env_file is None and target in (None, "stack")) else resolve(env_file=env_file, target=target)
    options = ("--env-file", str(env_file)) if env_file else ("--target", target or "stack")
    wish = Wish(
        profile.value, load or LOADS[profile], tuple(skip or ()), fail_under, yes, timeout, named, options, waivers
    )
    report = gate(wish)
    page = report_file or page_path()
    html.write(report, page)
    if junit:
        junit.write_text(renderer(Output.JUNIT)(report), encoding="utf-8")
    if output is Output.TEXT:
        there = (state_dir() / "stack.env").is_file()
        closing.show(report, page, named or (local_stack() if there else None))
        raise typer.Exit(int(report.exit_status))
    raise typer.Exit(int(tell(report, output)))
