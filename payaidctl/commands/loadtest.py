"""Run Locust at 1k, 5k or 10k users, watch every side, and judge by exact samples."""

from pathlib import Path
from typing import Annotated, Any

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, ReportOption, TargetOption, YesOption

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PROFILE] | compare RUN RUN | cleanup RUN", help="A profile's name or file; 1k if none."),
]
Processes = Annotated[int, typer.Option("--processes", "-p", min=1, help="Generator processes on this machine.")]
Ui = Annotated[bool, typer.Option("--ui", help="Serve Locust's own page too, on a free port of this machine.")]
Master = Annotated[
    str, typer.Option("--master", metavar="HOST:PORT", help="Lead generators on other machines: listen here.")
]
Expect = Annotated[int, typer.Option("--expect", min=1, help="With --master: start when so many workers have come.")]
Worker = Annotated[
    str, typer.Option("--worker", metavar="HOST:PORT", help="Be a generator for the master that listens there.")
]


def command(
    words: Words = None,
    processes: Processes = 1,
    ui: Ui = False,
    master: Master = "",
    expect: Expect = 1,
    worker: Worker = "",
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Run a load test: ramp, plateau, verdict.

    Users come from the target's own tenants, within their rate limits; rows are tagged and removed by `cleanup`.
    INCONCLUSIVE means that the generator, not the server, set the figures: nothing is claimed then.

    \b
    Examples:
      payaidctl loadtest smoke                    # seconds: does everything work?
      payaidctl loadtest 10k --report load.html   # the figure that everybody will quote
      payaidctl loadtest compare latest 1k-20260401
      payaidctl loadtest cleanup latest
      payaidctl loadtest 10k --master 0.0.0.0:5557 --expect 3   # and on three more machines:
      payaidctl loadtest --worker 10.0.0.5:5557
    """
    if worker:
        _serve(worker)
        return
    match words or ["1k"]:
        case ["compare", first, second]:
            from payaidctl.commands.compare import command as compare

            compare(first, second, output, report_file)
        case ["cleanup", run]:
            from payaidctl.commands.cleanup import command as cleanup

            cleanup(run, env_file, target, yes, output)
        case [profile]:
            from payaidctl.load.session import Options

            options = Options(processes, ui, master, expect if master else 0)
            _run(profile, options, env_file, target, yes, output, report_file)
        case _:
            from payaidctl.errors import UsageError

            raise UsageError("say one profile, `compare RUN RUN` or `cleanup RUN`", "see `payaidctl loadtest --help`")


def _run(
    name: str,
    options: Any,
    env_file: Path | None,
    named: str | None,
    yes: bool,
    output: Output,
    page: Path | None,
) -> None:
    import asyncio
    import shutil

    from payaidctl import evidence
    from payaidctl.guard import guard
    from payaidctl.load import profile
    from payaidctl.load.page import PAGE
    from payaidctl.load.session import Session
    from payaidctl.target import resolve
    from payaidctl.tell import tell
    from payaidctl.terminal import say

    asked = profile.load(name)
    target = resolve(env_file=env_file, target=named)
    session = Session(target, asked, options)
    guard(target, "loadtest", yes=yes)
    report = asyncio.run(session.run())
    if (made := session.folder / PAGE).is_file():
        evidence.record(report, target)
        say(f"page: {made}")
        if page:
            shutil.copyfile(made, page)
    raise typer.Exit(int(tell(report, output)))


def _serve(master: str) -> None:
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-m", "payaidctl.load.generator", "worker", "--master", master], check=False)
    raise typer.Exit(done.returncode)
