"""`check-env` as a function: one target in value and in effect, or several files side by side."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from payaidctl.environment import compare, effect, judge, raw, values
from payaidctl.finding import Finding, Report, Stopwatch
from payaidctl.target import NAMING, Target, resolve


def settings(env_file: Path | None, target: str | None) -> tuple[Mapping[str, str], Target, bool]:
    """The raw settings, the target that they make once mended, and whether they stood in a file."""
    if env_file:
        found = raw.read(env_file)
        return found, Target(values.mended(found), str(env_file)), True
    if target is None and any(os.environ.get(name) for name in NAMING):
        environ = dict(os.environ)
        return environ, Target(values.mended(environ), "the environment"), False
    system = resolve(target=target)
    return system.env, system, system.embedded


async def check_one(
    env: Mapping[str, str], target: Target, *, from_file: bool, timeout_s: float, in_effect: bool = True
) -> Report:
    """Every setting in value, then what they do in effect."""
    watch = Stopwatch("check-env", str(target))
    found: list[Finding] = judge.findings(env, from_file=from_file)
    if in_effect:
        found += await effect.findings(target, timeout_s)
    return watch.report(found)


def check_files(paths: Sequence[Path]) -> Report:
    """Every file by itself, in value, then side by side."""
    watch = Stopwatch("check-env", ", ".join(map(str, paths)))
    files = {str(path): raw.read(path) for path in paths}
    found: list[Finding] = []
    for name, env in files.items():
        prefix = name.replace(".", "_").replace("/", "_").strip("_")
        found += judge.findings(env, from_file=True, prefix=prefix)
    meant = {name: values.mended(env) for name, env in files.items()}
    return watch.report([*found, *compare.compare(meant)])
