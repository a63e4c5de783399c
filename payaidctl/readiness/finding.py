"""From facts to a finding. Pure: what the check expects, against what its probe told."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.readiness.check import Check, Severity, in_profile
from payaidctl.readiness.expect import MISSING, judge, reach


def finding(check: Check, facts: Mapping[str, Any], profile: str) -> Finding:
    """The check's finding: pass if every expectation holds; a minor one that does not is a warning."""
    if check.when and judge(check.when.expectation, facts, profile).holds is not True:
        return _finding(check, Status.SKIP, _fill(check.when.otherwise, facts), profile)
    outcomes = [judge(expectation, facts, profile) for expectation in check.expect]
    seen = _fill(check.observed.failing, facts)
    broken = [outcome for outcome in outcomes if outcome.holds is False]
    untold = [outcome for outcome in outcomes if outcome.holds is None]
    if broken:
        status = Status.WARN if check.severity is Severity.MINOR else Status.FAIL
        return _finding(check, status, seen or "; ".join(outcome.seen for outcome in broken), profile)
    if untold:
        missing = "; ".join(outcome.seen for outcome in untold)
        return _finding(check, Status.INCONCLUSIVE, f"{seen} ({missing})" if seen else missing, profile)
    seen = _fill(check.observed.passing, facts)
    return _finding(check, Status.PASS, seen or "; ".join(outcome.seen for outcome in outcomes), profile)


def skipped(check: Check, reason: str, profile: str) -> Finding:
    """Nothing names what the check looks at."""
    return _finding(check, Status.SKIP, reason, profile)


def unseen(check: Check, reason: str, profile: str, advice: str = "") -> Finding:
    """It is named, and could not be looked at."""
    return _finding(check, Status.INCONCLUSIVE, reason, profile, advice)


def _finding(check: Check, status: Status, observed: str, profile: str, advice: str = "") -> Finding:
    expected = in_profile(check.expected, profile) or "; ".join(
        expectation.says(profile) for expectation in check.expect
    )
    evidence: dict[str, Any] = {"severity": check.severity.value, "weight": check.weight}
    if check.item:
        evidence["item"] = check.item
    mend = advice or in_profile(check.fix, profile)
    return Finding(
        check.id, status, check.question, observed, expected, evidence, "" if status is Status.PASS else mend
    )


class _Facts(Formatter):
    """Dotted paths into the facts; what is missing shows as `?`, lists as words."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        values = reach(kwargs, field_name)
        told = ["?" if value is MISSING or value is None else value for value in values]
        return (told[0] if len(told) == 1 else told), field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list | tuple):
            return ", ".join(map(str, value)) or "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value) if value == "?" else format(value, format_spec)


def _fill(template: str, facts: Mapping[str, Any]) -> str:
    return _Facts().vformat(template, (), facts) if template else ""
