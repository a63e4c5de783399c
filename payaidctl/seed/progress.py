"""How far the seeding is, as a bar on stderr; without a terminal, one line a phase."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from payaidctl.seed.load import Progress
from payaidctl.seed.plan import TenantPlan
from payaidctl.terminal import asides, say


@contextmanager
def progress_bar() -> Iterator[Callable[[Sequence[TenantPlan]], Progress]]:
    """Gives what `seed` calls with the tenants to be added; the bar ends with the block."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
        console=asides(),
        transient=True,
    )

    def begin(tenants: Sequence[TenantPlan]) -> Progress:
        expected = sum(tenant.rows for tenant in tenants)
        if not asides().is_terminal:
            return _lines(len(tenants), expected)
        bar.start()
        task = bar.add_task("seeding", total=expected)
        return lambda phase, rows: bar.update(task, description=phase, advance=rows)

    try:
        yield begin
    finally:
        bar.stop()


def _lines(tenants: int, expected: int) -> Progress:
    told: set[str] = set()
    say(f"seeding {tenants} tenants, about {expected:,} rows")

    def tell(phase: str, _rows: int) -> None:
        if phase not in told:
            told.add(phase)
            say(f"  {phase}")

    return tell
