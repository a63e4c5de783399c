"""The catalogue of checks told as a report: each file that is valid passes."""

from payaidctl.errors import UsageError
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.readiness.catalogue import checks
from payaidctl.readiness.check import PROFILES, Check


def listing(area: str | None = None) -> Report:
    """One line a check.

    Raises:
        UsageError: no such area, or a file that is no valid check.
    """
    watch = Stopwatch("checks", "the check files")
    chosen = [check for check in checks().values() if area in (None, check.area)]
    if not chosen:
        known = sorted({check.area for check in checks().values()})
        raise UsageError(f"no area `{area}`", f"areas: {', '.join(known)}")
    return watch.report([_line(check) for check in chosen])


def _line(check: Check) -> Finding:
    told = [f"weight {check.weight}", check.severity.value]
    if check.item:
        told.append(f"item {check.item}")
    if check.profiles != PROFILES:
        told.append(f"profiles {', '.join(check.profiles)}")
    evidence = {"probe": check.probe, "weight": check.weight, "severity": check.severity.value, "item": check.item}
    return Finding(check.id, Status.PASS, check.question, ", ".join(told), "", evidence)
