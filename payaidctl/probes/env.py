"""The settings, judged in value as `check-env` does: what is wrong, by name; never what a value is."""

from typing import Any

from payaidctl.environment import judge
from payaidctl.finding import Finding, Status
from payaidctl.target import Target

NAMED_BY = ()
# Any one of these says that more is configured here than a way to a database.
OF_A_SERVICE = ("API_URL", "JWT_SECRET", "NEXTAUTH_SECRET", "QUEUE_REDIS_URL", "REDIS_URL", "REDIS_CLUSTER_NODES")
WRITES = ""


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """`wrong` and `doubtful` settings with the reason, and how many are `fine`."""
    serves = target.get(*OF_A_SERVICE) is not None
    findings = judge.findings(target.env, from_file=target.embedded)
    if not serves:  # what a database's URL alone leaves out is not missing
        findings = [one for one in findings if one.id.removeprefix("env.") in target.env]
    return {
        "configures_a_service": serves,
        "wrong": [_told(finding) for finding in findings if finding.status is Status.FAIL],
        "doubtful": [_told(finding) for finding in findings if finding.status is Status.WARN],
        "fine": sum(finding.status is Status.PASS for finding in findings),
        "cron_secret": "set" if target.get("CRON_SECRET") else "unset",
        "host": target.get("HOST") or "127.0.0.1",
        "limits_on": (target.get("RATE_LIMITS") or "true").lower() not in {"0", "false", "no", "off"},
        "cache_on": (target.get("CACHE") or "true").lower() not in {"0", "false", "no", "off"},
        "replicas_named": len(target.replica_urls),
        "workers": int(target.get("WORKERS") or 2),
        "pool_max": int(target.get("DATABASE_POOL_MAX") or 20),
    }


def _told(finding: Finding) -> str:
    return f"{finding.id.removeprefix('env.')}: {finding.observed}"
