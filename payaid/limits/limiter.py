"""Admits or refuses. One Redis call debits both windows; far from its limit a tenant's requests ride on a lease."""

import math
import time
from pathlib import Path
from typing import NamedTuple

from payaid import observe
from payaid.kv import Away, KeyValue, Script
from payaid.rules.tiers import Budget

DEBIT = Script((Path(__file__).parent / "lua" / "debit.lua").read_text(encoding="utf-8"))
# A lease is this share of the minute's limit: small beside the tenth that all leases together may hold.
LEASE_SHARE = 1 / 40
LEASING_FROM = 200
# With Redis away each process admits this share of a budget, so that N processes together stay near it.
LOCAL_SHARE = 1 / 4
WATCHED = 20_000


class Ruling(NamedTuple):
    """What was decided, and what the RateLimit headers say. Seconds; `left_hour` is -1 without an hourly bound."""

    admitted: bool
    how: str
    left_minute: int
    left_hour: int
    minute_ends_s: float
    hour_ends_s: float
    retry_after_s: int


class _Lease:
    """Requests that were charged ahead, in one minute. `ends` is monotonic, and never after the window's end."""

    __slots__ = ("ends", "granted", "hour_ends", "left", "left_hour", "left_minute", "minute")

    def __init__(
        self, granted: int, minute: int, ends: float, hour_ends: float, left_minute: int, left_hour: int
    ) -> None:
        self.granted = self.left = granted
        self.minute = minute
        self.ends = ends
        self.hour_ends = hour_ends
        self.left_minute = left_minute
        self.left_hour = left_hour


class Limiter:
    """One process's half of the limiter; the other half is in Redis, and shared."""

    def __init__(self, redis: KeyValue | None) -> None:
        self._redis = redis
        self._leases: dict[str, _Lease] = {}
        self._local: dict[str, tuple[int, int]] = {}

    def ride(self, key: str, budget: Budget) -> Ruling | None:
        """Admit on a lease in hand, without a wait; None when there is none. Only for a cost of 1."""
        lease = self._leases.get(key)
        if lease is None or lease.left <= 0:
            return None
        now = time.monotonic()
        if now >= lease.ends:
            return None
        lease.left -= 1
        left_hour = lease.left_hour + lease.left if budget.hour else -1
        return Ruling(
            True, "leased", lease.left_minute + lease.left, left_hour, lease.ends - now, lease.hour_ends - now, 0
        )

    async def admit(self, key: str, budget: Budget, cost: int = 1, *, closed: bool = False) -> Ruling:
        """Charge `cost` to `key`. With Redis away: a local share, or with `closed` a refusal; both counted."""
        if cost == 1 and (ruling := self.ride(key, budget)):
            return ruling
        asked = time.monotonic()
        try:
            if self._redis is None:
                raise Away("none is configured")
            last = self._leases.pop(key, None)
            spent, unspent, minute = (last.granted - last.left, last.left, last.minute) if last else (0, 0, 0)
            wanted = math.ceil(budget.minute * LEASE_SHARE) if budget.minute >= LEASING_FROM and cost == 1 else 0
            answer = await self._redis.run(DEBIT, f"rl:{key}", cost, *budget, wanted, spent, unspent, minute)
        except Away as error:
            return self._without(key, budget, cost, closed, str(error))
        return self._ruling(key, budget, cost, answer, asked)

    def _ruling(self, key: str, budget: Budget, cost: int, answer: list[int], asked: float) -> Ruling:
        fits, left_minute, left_hour, to_minute, to_hour, granted, minute = answer
        minute_s, hour_s = to_minute / 1000, to_hour / 1000
        if granted:
            # Counted from before the question, so a lease ends before its window does, never after.
            ends, hour_ends = asked + minute_s, asked + hour_s
            lease = _Lease(granted, minute, ends, hour_ends, left_minute, left_hour)
            if (other := self._leases.get(key)) and other.minute == minute:
                # Callers at once each get one; what was charged for the other is not thrown away.
                lease.granted += other.granted
                lease.left += other.left
            self._leases[key] = lease
            if len(self._leases) > WATCHED:
                self._leases.pop(next(iter(self._leases)))
        if fits:
            left = left_hour + granted if budget.hour else -1
            return Ruling(True, "admitted", left_minute + granted, left, minute_s, hour_s, 0)
        hour_spent = budget.hour and left_hour < cost
        retry = math.ceil(hour_s if hour_spent else minute_s)
        return Ruling(False, "refused", max(0, left_minute), left_hour, minute_s, hour_s, max(1, retry))

    def _without(self, key: str, budget: Budget, cost: int, closed: bool, why: str) -> Ruling:
        """Redis is away. Fail open to a local share of the minute (visible in the headers), or closed for logins."""
        observe.emit(observe.Degraded("limiter-closed" if closed else "limiter-local", why))
        now = time.time()
        minute, ends = int(now // 60), 60 - now % 60
        if closed:
            return Ruling(False, "degraded", 0, -1, ends, 3600, 1)
        share = max(1, int(budget.minute * LOCAL_SHARE))
        in_minute, used = self._local.get(key, (minute, 0))
        used = cost + (used if in_minute == minute else 0)
        if used > share:
            return Ruling(False, "degraded", 0, -1, ends, 3600, math.ceil(ends))
        if len(self._local) > WATCHED:
            self._local.clear()
        self._local[key] = (minute, used)
        return Ruling(True, "degraded", share - used, -1, ends, 3600, 0)
