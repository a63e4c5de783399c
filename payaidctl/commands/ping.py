"""Ask Redis, the replicas, the pooler, the API and the queue how they are."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from payaidctl.options import (
    EnvFileOption,
    Output,
    OutputOption,
    ReportOption,
    TargetOption,
    TimeoutOption,
)


class Part(StrEnum):
    """What can be asked."""

    REDIS = "redis"
    REPLICAS = "replicas"
    POOLER = "pooler"
    API = "api"
    QUEUE = "queue"


def command(
    parts: Annotated[list[Part] | None, typer.Argument(help="Which parts; all if none is named.")] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Ask again every two seconds until Ctrl-C.")] = False,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
    report_file: ReportOption = None,
) -> None:
    """Latency, role, lag and state of every part. A part that is named and does not answer is a fail.

    \b
    Examples:
      payaidctl ping
      payaidctl ping redis replicas --env-file .env.staging
      payaidctl ping --watch
      payaidctl ping -o json | jq '.findings[] | select(.status == "fail")'
    """
    from payaidctl.ping import ping
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    system = resolve(env_file=env_file, target=target)
    asked = [part.value for part in parts or list(Part)]
    if watch:
        from payaidctl.watch import watch_ping

        raise typer.Exit(int(asyncio.run(watch_ping(system, asked, timeout))))
    report = asyncio.run(ping(system, asked, timeout))
    raise typer.Exit(int(tell(report, output, report_file)))
