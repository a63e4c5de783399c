"""Fill a database with realistic Indian sample data; the same seed gives the same data."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from payaidctl.options import DatabaseOption, EnvFileOption, Output, OutputOption, TargetOption, YesOption


def command(
    *,
    tenants: Annotated[int, typer.Option("--tenants", help="How many organisations there shall be.", min=1)] = 50,
    contacts: Annotated[
        int, typer.Option("--contacts-per-tenant", help="Their mean number of contacts; sizes vary.", min=1)
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Another number, other data.", min=0)] = 42,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day after its newest; today if not said."),
    ] = None,
    env_file: EnvFileOption = None,
    target: TargetOption = None,
    database_url: DatabaseOption = None,
    output: OutputOption = Output.TEXT,
    yes: YesOption = False,
) -> None:
    """Make the tenants be there, with users, contacts, deals, tasks, products, orders and GST invoices.

    Empty tables are loaded without keys, which come back at the end. Tenants that are there already stay as they
    are: seeding twice adds nothing. Plans grow with size, and each plan's users stay within 70 % of its rate limit:
    400 tenants carry a load test of 10,000 users.

    \b
    Examples:
      payaidctl seed
      payaidctl seed --tenants 400 --contacts-per-tenant 500
      payaidctl seed --seed 7 --as-of 2026-04-01 --output json
    """
    from payaid.rules.periods import indian_date
    from payaidctl.evidence import record
    from payaidctl.finding import Stopwatch
    from payaidctl.guard import guard
    from payaidctl.seed.plan import Parameters
    from payaidctl.seed.progress import progress_bar
    from payaidctl.seed.run import facts, findings
    from payaidctl.seed.run import seed as run
    from payaidctl.target import resolve
    from payaidctl.tell import tell

    system = resolve(env_file=env_file, target=target, database_url=database_url)
    guard(system, "seed", yes=yes, direct=True)
    watch = Stopwatch("seed", str(system))
    newest = as_of.date() if as_of else indian_date(watch.started_at)
    with progress_bar() as begin:
        done = asyncio.run(run(system.direct_url, Parameters(tenants, contacts, seed, newest), begin))
    report = watch.report(findings(done), facts(done))
    record(report, system)
    raise typer.Exit(int(tell(report, output)))
