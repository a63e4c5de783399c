"""What the two index commands do once their words are parsed: guard, build, verify, tell, keep the evidence."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from payaidctl import evidence
from payaidctl.errors import UsageError
from payaidctl.finding import ExitStatus, Finding, Stopwatch
from payaidctl.guard import Kind, guard
from payaidctl.indexes.build import LOCK_TIMEOUT_MS
from payaidctl.indexes.create import create, plans
from payaidctl.indexes.findings import table
from payaidctl.indexes.live import Live
from payaidctl.indexes.repair import script
from payaidctl.indexes.session import service_url
from payaidctl.indexes.verify import verify
from payaidctl.options import Output
from payaidctl.target import Target, resolve, state_dir
from payaidctl.tell import tell
from payaidctl.terminal import say


@dataclass(frozen=True, slots=True)
class Ask:
    """The options of `create-indexes` and `verify-indexes`."""

    index_set: str
    only: Sequence[str]
    schema: str
    content: Path | None
    timeout_s: float
    max_wait_s: float | None
    dry_run: bool
    yes: bool
    env_file: Path | None
    target: str | None
    database_url: str | None
    prove: bool = False
    analyze: bool = False
    fix: bool = False

    def system(self) -> Target:
        """The target; `--content` takes effect here, before any declaration is read."""
        if self.content is not None:
            if not self.content.is_dir():
                raise UsageError(f"{self.content} is no folder", "--content names one that holds sql/indexes")
            os.environ["PAYAID_CONTENT"] = str(self.content)
        return resolve(env_file=self.env_file, target=self.target, database_url=self.database_url)


async def create_command(ask: Ask, output: Output, page: Path | None) -> ExitStatus:
    """`create-indexes`."""
    system = ask.system()
    if ask.dry_run:
        return await _print_script(ask, system)
    watch = Stopwatch("create-indexes", str(system))
    return _close(watch, system, await _create(ask, system, "create-indexes"), output, page)


async def verify_command(ask: Ask, output: Output, page: Path | None) -> ExitStatus:
    """`verify-indexes`; with `--fix`, what was mended is looked at like everything else."""
    system = ask.system()
    if ask.fix and ask.dry_run:
        return await _print_script(ask, system)
    watch = Stopwatch("verify-indexes", str(system))
    failed: list[Finding] = []
    if ask.fix:
        mended = await _create(ask, system, "verify-indexes --fix")
        failed = [one for one in mended if "failure" in one.evidence]
    found = await verify(
        system.direct_url,
        index_set=ask.index_set,
        only=ask.only,
        schema=ask.schema,
        prove=ask.prove,
        replicas=system.replica_urls,
        service_url=service_url(system),
        analyze=ask.analyze,
        timeout_s=ask.timeout_s,
    )
    told = {one.id: one for one in failed}
    return _close(watch, system, [told.get(one.id, one) for one in found], output, page)


async def _create(ask: Ask, system: Target, action: str) -> list[Finding]:
    guard(system, action, yes=ask.yes, allowed=tuple(Kind), direct=True)
    with Live() as live:
        return await create(
            system.direct_url,
            index_set=ask.index_set,
            only=ask.only,
            schema=ask.schema,
            max_wait_s=ask.max_wait_s,
            tell=live.tell,
            announce=say,
            volume=state_dir() if system.embedded else None,
            timeout_s=ask.timeout_s,
        )


async def _print_script(ask: Ask, system: Target) -> ExitStatus:
    """The exact SQL, on stdout. Nothing to do prints nothing; what cannot be mended fails, as it would for real."""
    planned = await plans(
        system.direct_url, index_set=ask.index_set, only=ask.only, schema=ask.schema, timeout_s=ask.timeout_s
    )
    if text := script(planned, LOCK_TIMEOUT_MS):
        sys.stdout.write(text + "\n")
    return ExitStatus.FAIL if any(one.refusal for one in planned) else ExitStatus.PASS


def _close(
    watch: Stopwatch, system: Target, findings: Sequence[Finding], output: Output, page: Path | None
) -> ExitStatus:
    report = watch.report(findings, {"table": table(findings)})
    evidence.record(report, system)
    return tell(report, output, page)
