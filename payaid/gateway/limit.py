"""Charges every call: a tenant's against its plan, an unidentified one's against its address."""

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.call import Call
from payaid.errors import TooManyRequests, Unavailable
from payaid.limits.limiter import Limiter, Ruling
from payaid.rules.addresses import share
from payaid.rules.tiers import BUDGETS, LOGIN, REFRESH, UNAUTHENTICATED, Budget

# Where a secret may be guessed: budgets of their own, by address, that fail closed.
GUESSING = {"login": LOGIN, "refresh": REFRESH}


class Limit:
    """Inside this layer the call is paid for, and known not to be refused."""

    def __init__(self, app: App, limiter: Limiter, *, enforced: bool) -> None:
        self.app = app
        self._limiter = limiter
        self._enforced = enforced
        self._policies = {tier: _policy(budget) for tier, budget in BUDGETS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit, or 429; then raise what the identity layer held against the caller."""
        call = call_of(scope)
        # Whoever is not known, or means nothing, pays even where a known caller would not.
        cost = call.target.cost if call.target and not call.refusal else 1
        if cost and self._enforced and not call.limiter and not (cost == 1 and self._ride(call)):
            await self._charge(call, cost)
        if call.refusal:
            raise call.refusal
        await self.app(scope, receive, send)

    def at_once(self, scope: Scope, call: Call) -> bool:
        """There is a lease in hand. Whatever can be a hit costs 1 (`Target` holds that)."""
        return not self._enforced or self._ride(call)

    def _ride(self, call: Call) -> bool:
        """Admit on a lease in hand, without a wait."""
        who = call.principal
        if who is None:
            return False
        budget = BUDGETS[who.tier]
        ruling = self._limiter.ride(who.tenant_id, budget)
        if ruling is None:
            return False
        call.limiter = ruling.how
        call.answer_headers += (self._policies[who.tier], *_headers(ruling, budget))
        return True

    async def _charge(self, call: Call, cost: int) -> None:
        if who := call.principal:
            budget = BUDGETS[who.tier]
            ruling = await self._limiter.admit(who.tenant_id, budget, cost)
            call.answer_headers.append(self._policies[who.tier])
        else:
            guessed = call.target.operation if call.target and _guessing(call) else ""
            budget = GUESSING.get(guessed, UNAUTHENTICATED)
            key = f"{guessed or 'ip'}:{share(call.client)}"
            ruling = await self._limiter.admit(key, budget, cost, closed=bool(guessed))
        call.limiter = ruling.how
        call.answer_headers += _headers(ruling, budget)
        if not ruling.admitted:
            raise _refusal(ruling, call)


def _guessing(call: Call) -> bool:
    return call.target is not None and call.target.operation in GUESSING


def _refusal(ruling: Ruling, call: Call) -> TooManyRequests | Unavailable:
    if ruling.how == "degraded" and _guessing(call):
        return Unavailable("Logins cannot be counted at the moment, so they are refused.")
    whose = f"plan {call.principal.tier}" if call.principal else "address"
    return TooManyRequests(
        f"The budget of your {whose} is spent; it is renewed in {ruling.retry_after_s} s.",
        headers={"Retry-After": str(ruling.retry_after_s)},
    )


def _policy(budget: Budget) -> tuple[bytes, bytes]:
    text = f'"minute";q={budget.minute};w=60, "hour";q={budget.hour};w=3600'
    return b"ratelimit-policy", text.encode()


def _headers(ruling: Ruling, budget: Budget) -> list[tuple[bytes, bytes]]:
    _, _, left_minute, left_hour, minute_ends_s, hour_ends_s, _ = ruling
    left, ends = b"%d" % left_minute, b"%d" % (minute_ends_s + 0.999)
    if left_hour >= 0:
        limit = b'"minute";r=%b;t=%b, "hour";r=%d;t=%d' % (left, ends, left_hour, hour_ends_s + 0.999)
    else:
        limit = b'"minute";r=%b;t=%b' % (left, ends)
    return [
        (b"ratelimit", limit),
        (b"x-ratelimit-limit", b"%d" % budget.minute),
        (b"x-ratelimit-remaining", left),
        (b"x-ratelimit-reset", ends),
    ]
