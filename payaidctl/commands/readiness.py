"""Score a system against the readiness checklist."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, ReportOption, TargetOption, TimeoutOption


class Profile(StrEnum):
    """How much is asked."""

    CI = "ci"
    ROADMAP = "roadmap"
    OPTIMISED = "optimised"


def command(
    *,
    profile: Annotated[Profile, typer.Option("--profile", help="How much is asked.")] = Profile.ROADMAP,
    area: Annotated[list[str] | None, typer.Option("--area", help="These areas only. May be repeated.")] = None,
    dry: Annotated[bool, typer.Option("--dry", help="Show what would be asked, and do nothing.")] = False,
    waivers: Annotated[
        Path, typer.Option("--waivers", help="Who answers for which failed check, and until when.")
    ] = Path("payaid-waivers.yaml"),
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 10.0,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Is it ready? The 11 items, every check behind them, and a score that hides no failed blocker.

    Load figures come from the newest load test of this very system (`payaidctl loadtest`). What nothing names is
    skipped; what is named and cannot be looked at is inconclusive, which is never a pass.

    \b
    Examples:
      payaidctl readiness --profile ci
      payaidctl readiness --profile roadmap --report readiness.html
      payaidctl readiness --area limiter --area queue
      payaidctl readiness --dry
    """
    from payaidctl.evidence import record
    from payaidctl.readiness.earlier import with_earlier
    from payaidctl.readiness.run import preview, run
    from payaidctl.target import resolve
    from payaidctl.tell import tell
    from payaidctl.terminal import say

    if dry:
        for line in preview(profile.value, area or ()):
            say(line)
        raise typer.Exit
    system = resolve(env_file=env_file, target=target)
    report = asyncio.run(run(system, profile.value, timeout_s=timeout, areas=area or (), waiver_file=waivers))
    report = with_earlier(report, system, record(report, system))
    raise typer.Exit(int(tell(report, output, report_file)))
