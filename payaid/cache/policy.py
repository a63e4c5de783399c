"""The cache classes: how long an answer is believed even if nothing is known to have changed."""

from enum import StrEnum
from typing import NamedTuple


class CacheClass(StrEnum):
    """What kind of answer it is (the roadmap's classes)."""

    SESSIONS = "sessions"
    STATS = "stats"
    LIST = "list"
    DETAIL = "detail"
    SEARCH = "search"
    STATIC = "static"


class Life(NamedTuple):
    """Seconds in which an entry is fresh, and in which it may still be served while one caller renews it."""

    fresh_s: float
    stale_s: float


LIVES = {
    CacheClass.SESSIONS: Life(86_400, 0),
    CacheClass.STATS: Life(120, 30),
    CacheClass.LIST: Life(180, 30),
    CacheClass.DETAIL: Life(300, 30),
    CacheClass.SEARCH: Life(60, 15),
    CacheClass.STATIC: Life(3_600, 300),
}
# Entries made together must not expire together.
JITTER = 0.1
