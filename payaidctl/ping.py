"""Ping: run the probes of the parts asked for, side by side, and judge what they tell."""

import asyncio
from collections.abc import Sequence

from payaidctl import pings, probes
from payaidctl.errors import OperatorError
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.probes import NotNamed
from payaidctl.target import Target


async def ping(target: Target, parts: Sequence[str] = pings.PARTS, timeout_s: float = 5.0) -> Report:
    """Ask every part at the same time; what nothing names is skipped, what is named and silent fails."""
    watch = Stopwatch("ping", str(target))
    answers = await asyncio.gather(*(_ask(part, target, timeout_s) for part in parts))
    return watch.report([finding for findings in answers for finding in findings])


async def _ask(part: str, target: Target, timeout_s: float) -> Sequence[Finding]:
    try:
        return pings.judge(part, await probes.look(part, target, timeout_s))
    except NotNamed as error:
        return [Finding(f"{part}.named", Status.SKIP, f"Is there something to ping for {part}?", str(error))]
    except OperatorError as error:
        return [
            Finding(f"{part}.answers", Status.FAIL, "Does it answer?", str(error), "an answer", advice=error.advice)
        ]
