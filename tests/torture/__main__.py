"""`make torture`: the long run, on a stack of its own. Exit status 0: nothing impossible was seen; 1: something was.

    python -m tests.torture [--minutes 30] [--seed N] [--faults "ear cut,replica killed"] [--keep FOLDER]

A live line on stderr; a table of figures at the end; a history with findings is kept, and named with its seed.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from payaidctl.stack import Stack
from tests.fixtures.database import fresh_database, make_template
from tests.torture.faults import FAULTS, at_its_place
from tests.torture.run import Run

# So many findings are named as they come: a service that is off its feet has more than anybody reads.
TOLD = 20
KEPT = Path(".payaid/torture")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; tell; answer the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--faults", default=",".join(FAULTS), help="some of: " + ", ".join(FAULTS))
    parser.add_argument("--keep", type=Path, default=KEPT, help="where a history with findings goes")
    given = parser.parse_args(arguments)
    faults = tuple(one.strip() for one in given.faults.split(",") if one.strip())
    if unknown := set(faults) - FAULTS.keys():
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    return torture(given.minutes * 60, given.seed, faults, given.keep)


def torture(seconds: float, seed: int, faults: tuple[str, ...], keep: Path) -> int:
    """A stack of its own, a run, its figures; the stack is removed whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="payaid-torture-"))
    stack = Stack.at(folder / "state")
    try:
        _say(f"seed {seed}: starting a stack in {folder}\n")
        stack.up(groups=["data"], durable=False)
        with (
            fresh_database(stack, make_template(stack)) as database,
            at_its_place(stack, database, folder) as place,
        ):
            run = Run(place, seed, faults, say=_live)
            asyncio.run(run.go(seconds))
            return _tell(run, seconds, keep)
    finally:
        stack.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _live(run: Run) -> None:
    figures, seconds = run.figures, int(time.monotonic() - run.started)
    # At once: what was broken at that moment is still in the logs of a stack that is still there.
    for one in run.findings[run.findings_told : TOLD]:
        _say(f"\n{seconds // 60:3}:{seconds % 60:02}  {one.what}: {one.detail}\n")
    run.findings_told = len(run.findings)
    oldest = max(run.judge.staleness.values(), default=0.0)
    line = (
        f"{seconds // 60:3}:{seconds % 60:02}  {figures.all_reads:,} reads  {figures.all_writes:,} writes  "
        f"{sum(map(len, figures.faults.values()))} faults  oldest {oldest:.2f} s  {len(run.findings)} findings  "
        f"{run.world.fault}"
    )
    if sys.stderr.isatty():
        _say(f"\r{line:110}")
    elif seconds // 30 > run.lines_told:
        run.lines_told = seconds // 30
        _say(f"{line}\n")


def _tell(run: Run, seconds: float, keep: Path) -> int:
    _say("\n")
    rows = [("seed", str(run.seed)), ("length", f"{seconds / 60:g} min"), *run.figures.table(run.judge.staleness)]
    crashed = [line for line in run.place.api.logged().splitlines() if '"event": "crashed"' in line]
    rows += [("bugs in the log", str(len(crashed))), ("findings", str(len(run.findings)))]
    sys.stdout.write("".join(f"{name:20} {text}\n" for name, text in rows))
    if not run.findings and not crashed:
        return 0
    path = keep / f"history-{run.seed}.jsonl"
    run.save(path)
    for one in run.findings[:10]:
        sys.stdout.write(f"  {one.what}: {one.detail}\n")
    # Where it happened and what it was stand at the end of a traceback.
    sys.stdout.writelines(f"  {line[:300]} ... {line[-2000:]}\n" for line in crashed[:3])
    sys.stdout.write(f"history: {path}\n")
    return 1


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
