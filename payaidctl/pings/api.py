"""The API: live, ready, and telling the truth about both."""

from typing import Any

from payaidctl.finding import Finding, Status
from payaidctl.pings import verdict

SKEW_S = 5.0


def judge(facts: dict[str, Any]) -> list[Finding]:
    """Live, ready, its instances, and its clock."""
    return [
        verdict(
            "api.live",
            facts["live"] == 200,
            "Is the process alive?",
            f"{facts['live']}, p50 {facts['p50_ms']} ms, p99 {facts['p99_ms']} ms, version {facts['version'] or '?'}",
            "200",
            advice="`payaidctl logs api`",
        ),
        verdict(
            "api.ready",
            facts["ready"] == 200,
            "Does it say that it can serve requests?",
            f"{facts['ready']} " + ", ".join(f"{name} {told}" for name, told in facts["parts"].items()),
            "200",
            advice="read the parts that it names; `payaidctl ping` shows each",
        ),
        verdict(
            "api.instances",
            bool(facts["instances"]),
            "Which instances answer?",
            f"{len(facts['instances'])}: {', '.join(facts['instances'])}",
            "each answer names its instance",
            advice="is API_URL this service? It sends X-Instance on every answer",
        ),
        verdict(
            "api.clock",
            None if facts["clock_skew_s"] is None else facts["clock_skew_s"] < SKEW_S,
            "Does its clock agree with ours?",
            "no Date header" if facts["clock_skew_s"] is None else f"{facts['clock_skew_s']} s apart",
            f"< {SKEW_S:g} s: tokens expire by it",
            advice="run NTP on both machines",
            otherwise=Status.WARN,
        ),
    ]
