"""Files with settings in the version control of the folder we stand in: what git lists now, and what it ever had."""

import asyncio
import re
from typing import Any

from payaidctl.errors import Unreachable
from payaidctl.probes import NotNamed
from payaidctl.target import Target

NAMED_BY = ()
WRITES = ""
PATTERNS = (":(glob)**/.env", ":(glob)**/.env.*")
SAMPLE = re.compile(r"\.(example|sample|template|dist|defaults?)$")


async def look(target: Target, timeout_s: float, folder: str = ".") -> dict[str, Any]:
    """`tracked` env files that are no samples, and those that are `in_history` all the same."""
    if await _git(folder, timeout_s, "rev-parse", "--is-inside-work-tree") is None:
        raise NotNamed(f"the folder `{folder}` is no checkout of git")
    top = (await _git(folder, timeout_s, "rev-parse", "--show-toplevel") or [folder])[0]
    listed = await _git(top, timeout_s, "ls-files", "--", *PATTERNS) or []
    ever = await _git(top, timeout_s, "log", "--all", "--format=", "--name-only", "--diff-filter=A", "--", *PATTERNS)
    return {"tracked": _real(listed), "in_history": _real(ever or [])}


def _real(paths: list[str]) -> list[str]:
    """Those that hold settings, not samples of them."""
    return sorted({path for path in paths if path and not SAMPLE.search(path)})


async def _git(folder: str, timeout_s: float, *words: str) -> list[str] | None:
    """The lines that git answers; None where there is no git, or no checkout."""
    try:
        process = await asyncio.create_subprocess_exec(
            "git", "-C", folder, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except FileNotFoundError:
        return None
    try:
        async with asyncio.timeout(timeout_s):
            out, _ = await process.communicate()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Unreachable(f"git {words[0]}: no answer within {timeout_s:g} s") from error
    return out.decode(errors="replace").splitlines() if process.returncode == 0 else None
