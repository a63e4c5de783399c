"""A tenant's rate-limit windows in Redis: one hash a tenant, as payaid/limits/lua/debit.lua keeps it."""

from collections.abc import Mapping

from payaid.rules.tiers import BUDGETS, Budget, tier_of
from payaidctl.errors import OperatorError, UsageError
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.probes import _postgres, _valkey
from payaidctl.target import Target

TIER = 'SELECT "subscriptionTier" AS tier FROM "Tenant" WHERE id = %(tenant)s'


async def windows(target: Target, tenant: str, timeout_s: float) -> Report:
    """What is spent of the minute and of the hour.

    Raises:
        UsageError: the database knows no such tenant.
        Unreachable: Redis does not answer.
    """
    watch = Stopwatch("limits show", str(target))
    budget = await _budget(target, tenant, timeout_s)
    async with _valkey.cache(target, timeout_s) as client:
        kept = await client.hgetall(f"rl:{tenant}")
        now = await client.time()
    seconds = (next(iter(now.values())) if isinstance(now, dict) else now)[0]
    return watch.report(findings(tenant, kept, budget, int(seconds)))


def findings(tenant: str, kept: Mapping[str, str], budget: Budget | None, now: int) -> list[Finding]:
    """The hash as two findings; a window that has ended counts as empty. Pure."""
    return [
        _window("minute", 60, tenant, kept, budget.minute if budget else None, now),
        _window("hour", 3600, tenant, kept, budget.hour if budget else None, now),
    ]


def _window(name: str, length: int, tenant: str, kept: Mapping[str, str], limit: int | None, now: int) -> Finding:
    current = int(kept.get(name, -1)) == now // length
    spent = int(kept.get(f"in_{name}", 0)) if current else 0
    ends = length - now % length
    leased = f", {kept['out']} of them on lease" if current and name == "minute" and int(kept.get("out", 0)) else ""
    full = limit is not None and spent >= limit
    return Finding(
        f"limits.{name}",
        Status.WARN if full else Status.PASS,
        f"Does tenant {tenant} have budget left this {name}?",
        f"{spent:,} spent{leased}; the window ends in {ends} s",
        f"below {limit:,}" if limit is not None else "",
        {"spent": spent, "limit": limit, "endsInS": ends},
        f"payaidctl limits reset {tenant}" if full else "",
    )


async def forget(target: Target, tenant: str, timeout_s: float) -> Report:
    """Delete the tenant's hash.

    Raises:
        Unreachable: Redis does not answer.
    """
    watch = Stopwatch("limits reset", str(target))
    async with _valkey.cache(target, timeout_s) as client:
        gone = await client.delete(f"rl:{tenant}")
    observed = "its windows are empty again" if gone else "it had spent nothing"
    return watch.report([Finding("limits.reset", Status.PASS, f"Tenant {tenant}", observed)])


async def _budget(target: Target, tenant: str, timeout_s: float) -> Budget | None:
    """The plan's budget; None where no database tells the plan."""
    try:
        rows = await _postgres.query(target.direct_url, TIER, timeout_s, {"tenant": tenant})
    except OperatorError:
        return None
    if not rows:
        raise UsageError(f"there is no tenant `{tenant}`", "name a tenant's id")
    return BUDGETS[tier_of(rows[0]["tier"])]
