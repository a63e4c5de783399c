"""Fill the cache ahead with exactly what requests read."""

import asyncio
from typing import Annotated

import typer

from payaidctl.options import EnvFileOption, Output, OutputOption, TargetOption


def command(
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Only this tenant; may be repeated.")] = None,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Read, for each active tenant, what a dashboard and its first clicks read, and keep it in the shared cache.

    \b
    Examples:
      payaidctl warm
      payaidctl warm --tenant demo
    """
    from rich.progress import Progress

    from payaid.settings import Settings
    from payaidctl.evidence import record
    from payaidctl.finding import Finding, Status, Stopwatch
    from payaidctl.target import resolve
    from payaidctl.tell import tell
    from payaidctl.terminal import asides
    from payaidctl.warm import tenants_of, warm

    where = resolve(env_file=env_file, target=target)
    watch = Stopwatch("warm", str(where))
    tenants = asyncio.run(tenants_of(where.direct_url, tenant or []))
    with Progress(console=asides(), transient=True) as bar:
        task = bar.add_task("warming", total=len(tenants))
        done = asyncio.run(
            warm(Settings.read(where.env), tenants, lambda tally: bar.update(task, completed=tally.tenants))
        )
    rate = done.entries / done.seconds if done.seconds else 0
    size = done.bytes / 2**20
    finding = Finding(
        "warm.entries",
        Status.FAIL if done.failed else Status.PASS if done.entries else Status.INCONCLUSIVE,
        "Every tenant's first reads are in the cache",
        observed=f"{done.entries:,} entries of {done.tenants:,} tenants, {size:.1f} MiB, {rate:,.0f} entries/s",
        expected="no request that could not be warmed",
        evidence={"entries": done.entries, "tenants": done.tenants, "bytes": done.bytes,
                  "entriesPerSecond": round(rate), "failed": done.failed[:20]},
        advice="" if done.entries and not done.failed else "payaidctl ping; payaidctl seed",
    )  # fmt: skip
    report = watch.report([finding])
    record(report, where)
    raise typer.Exit(int(tell(report, output)))
