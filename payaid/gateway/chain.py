"""The chain: what every request passes, outermost first, with the reason for each place."""

from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

from payaid.asgi import App
from payaid.cache.store import Store
from payaid.gateway.authorise import Authorise
from payaid.gateway.bound import Bound
from payaid.gateway.browser import Browser
from payaid.gateway.compress import Compress
from payaid.gateway.deadline import Deadline
from payaid.gateway.express import Express
from payaid.gateway.failures import Failures
from payaid.gateway.hits import Hits, Spellings
from payaid.gateway.identity import Callers, Identity
from payaid.gateway.limit import Limit
from payaid.gateway.observed import InFlight, Observed
from payaid.gateway.respcache import Fill, RespCache
from payaid.gateway.server_timing import ServerTiming
from payaid.gateway.trace import Trace
from payaid.limits.limiter import Limiter
from payaid.rest.cursor import Cursors
from payaid.settings import Settings
from payaid.stamp_token import StampTokens


class Parts(NamedTuple):
    """What the layers need of the runtime."""

    settings: Settings
    process: str
    in_flight: InFlight
    callers: Callers
    stamps: StampTokens
    limiter: Limiter
    store: Store
    fill: Fill
    cursors: Cursors


def chain(rest: App, parts: Parts) -> App:
    """Wrap the rest layer in all others."""
    settings = parts.settings
    spellings = Spellings()
    layers: list[Callable[[App], App]] = [
        # A name first: whatever happens further in can be found by its request id.
        lambda app: Trace(app, parts.process, settings.hsts_s),
        # Outside the failures, so that a failure is measured as what the caller saw of it.
        lambda app: Observed(app, parts.in_flight),
        # Before identity: a preflight has none. Not there at all where no origin is configured.
        *([lambda app: Browser(app, settings.cors_origins)] if settings.cors_origins else []),
        # Outside everything that a hit need not wait for; it has no order of its own, but follows this list.
        *([Express] if settings.cache else []),
        # Everything further in may raise; only here does it become a problem document.
        Failures,
        # Before anybody looks at the body: an oversized one costs nothing but its header.
        lambda app: Bound(app, settings.body_limit, settings.deadline_ms / 1000),
        # Outside all that waits for a database or for Redis.
        lambda app: Deadline(app, settings.deadline_ms / 1000),
        # The limiter must know whose budget; what is held against a caller waits until it was charged.
        lambda app: Identity(app, parts.callers, parts.stamps, settings.trusted_proxies),
        # Outside authorisation and cache: hits and refusals cost the caller as well.
        lambda app: Limit(app, parts.limiter, enforced=settings.limits),
        # Outside the cache: an entry is shared by all who may read it, so who may is asked first.
        Authorise,
        # A hit ends here.
        *([lambda app: Hits(app, parts.store, spellings)] if settings.cache else []),
        # Inside the hits, which wait for nothing; outside all that waits.
        ServerTiming,
        # Outside compression: an entry keeps its own compressed variants, made once.
        *([lambda app: RespCache(app, parts.store, spellings, parts.fill, parts.cursors)] if settings.cache else []),
        # Innermost: what is not kept is compressed on its way out.
        Compress,
    ]
    return reduce(lambda app, layer: layer(app), reversed(layers), rest)
