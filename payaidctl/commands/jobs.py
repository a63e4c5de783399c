"""Background jobs: what waits, what runs, what died and why; try again; drain."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from payaidctl.finding import Finding, Status, Stopwatch
from payaidctl.options import EnvFileOption, Output, OutputOption, TargetOption, TimeoutOption, YesOption
from payaidctl.target import Target, resolve

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)
TaskOption = Annotated[str | None, typer.Option("--task", help="Only this task's jobs.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="Only this tenant's jobs.")]
LimitOption = Annotated[int, typer.Option("--limit", help="At most so many.", min=1, max=10_000)]


@app.callback()
def _jobs() -> None:
    """What waits, what runs, what died and why."""


@app.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option("--state", help="Only jobs in this state.")] = None,
    task: TaskOption = None,
    tenant: TenantOption = None,
    repeated: Annotated[
        bool, typer.Option("--uncertain", help="Only jobs whose act may have been seen twice.")
    ] = False,
    limit: LimitOption = 50,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """Count open and dead jobs by state and task; with a filter, list the jobs themselves, newest first.

    \b
    Examples:
      payaidctl jobs list
      payaidctl jobs list --state running
      payaidctl jobs list --uncertain --task email
    """
    from payaidctl import jobs
    from payaidctl.errors import UsageError

    if state is not None and state not in jobs.STATES:
        raise UsageError(f"no state is called {state}", f"one of {', '.join(jobs.STATES)}")
    system = resolve(env_file=env_file, target=target)
    if state or task or tenant or repeated:
        wanted = jobs.Wanted([state] if state else None, task, tenant, None, repeated, limit)
        work = _listed(system, timeout, wanted, "No such job")
    else:
        work = jobs.overview(system, timeout)
    _tell("jobs list", system, work, output)


@app.command()
def show(
    job: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    payload: Annotated[bool, typer.Option("--payload", help="Also its payload, which may hold personal data.")] = False,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """Everything on file about one job, with the cause of each failed attempt.

    \b
    Examples:
      payaidctl jobs show 0b6a4c1e-6a53-4a39-9a4c-0e8d2f8f5f0e -o json
    """
    system = resolve(env_file=env_file, target=target)
    _tell("jobs show", system, _shown(system, timeout, job, payload), output)


@app.command()
def dead(
    task: TaskOption = None,
    tenant: TenantOption = None,
    limit: LimitOption = 50,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """Jobs that wait for a person: dead ones, and those of which nobody knows whether they were done.

    \b
    Examples:
      payaidctl jobs dead
      payaidctl jobs dead --task email -o json | jq '.findings[].observed'
    """
    from payaidctl import jobs

    system = resolve(env_file=env_file, target=target)
    wanted = jobs.Wanted(jobs.NEEDS_A_PERSON, task, tenant, limit=limit)
    _tell("jobs dead", system, _listed(system, timeout, wanted, "No job waits for a person"), output)


@app.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="The jobs to do again.")] = None,
    all_dead: Annotated[bool, typer.Option("--dead", help="Every dead job; --task and --tenant narrow it.")] = False,
    task: TaskOption = None,
    tenant: TenantOption = None,
    limit: LimitOption = 1000,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Do dead, uncertain or cancelled jobs again, their attempts counted anew.

    An uncertain job may have been done: its repeat is then seen twice.

    \b
    Examples:
      payaidctl jobs retry 0b6a4c1e-6a53-4a39-9a4c-0e8d2f8f5f0e
      payaidctl jobs retry --dead --task email
    """
    from payaidctl import jobs
    from payaidctl.errors import UsageError
    from payaidctl.guard import guard

    if bool(ids) == all_dead:
        raise UsageError("name jobs, or say --dead", "payaidctl jobs dead lists them")
    system = resolve(env_file=env_file, target=target)
    guard(system, "retry jobs", yes=yes)
    wanted = jobs.Wanted(None if ids else ("dead",), task, tenant, ids, limit=limit)
    _tell("jobs retry", system, _or_none(jobs.retry(system, timeout, wanted), "Nothing is dead"), output)


@app.command()
def drain(
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for what runs.", min=0)] = 60.0,
    resume: Annotated[bool, typer.Option("--resume", help="Start work again instead.")] = False,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    timeout: TimeoutOption = 5.0,
    yes: YesOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Let workers take nothing more and wait until nothing runs; jobs written meanwhile wait, and none is lost.

    \b
    Examples:
      payaidctl jobs drain --wait 120
      payaidctl jobs drain --resume
    """
    from payaidctl import jobs
    from payaidctl.guard import consent

    system = resolve(env_file=env_file, target=target)
    consent(system, "resume the queue" if resume else "drain the queue", yes=yes)
    work = jobs.resume(system) if resume else jobs.drain(system, timeout, wait)
    _tell("jobs drain", system, _one(work), output)


async def _listed(system: Target, timeout_s: float, wanted: Any, none: str) -> list[Finding]:
    from payaidctl import jobs

    rows = await jobs.jobs(system, timeout_s, wanted)
    return [jobs.finding_of(row) for row in rows] or [Finding("outbox.none", Status.PASS, none)]


async def _shown(system: Target, timeout_s: float, job: str, payload: bool) -> list[Finding]:
    from payaidctl import jobs
    from payaidctl.errors import UsageError

    rows = await jobs.jobs(system, timeout_s, jobs.Wanted(ids=[job]))
    if not rows:
        raise UsageError(f"no job has the id {job}", "payaidctl jobs list")
    found = [jobs.finding_of(rows[0]), *jobs.attempts_of(rows[0])]
    if payload:
        found.append(Finding("job.payload", Status.PASS, "Its payload", observed=str(rows[0]["payload"])))
    return found


async def _one(work: Coroutine[Any, Any, Finding]) -> list[Finding]:
    return [await work]


async def _or_none(work: Coroutine[Any, Any, list[Finding]], none: str) -> list[Finding]:
    return await work or [Finding("outbox.none", Status.PASS, none)]


def _tell(command: str, system: Target, work: Coroutine[Any, Any, list[Finding]], output: Output) -> None:
    from payaidctl.tell import tell

    watch = Stopwatch(command, str(system))
    findings = asyncio.run(work)
    raise typer.Exit(int(tell(watch.report(findings), output)))
