"""GET /metrics: for a scraper's token, or for the networks that may scrape; not for everybody who finds the port."""

import ipaddress

from payaid.call import Call
from payaid.errors import ScraperNeeded
from payaid.limits.limiter import Limiter
from payaid.rest.door import Door
from payaid.rest.reply import Reply
from payaid.rules.addresses import within
from payaid.settings import Settings
from payaid.telemetry.exposition import Exposition

PROMETHEUS = b"text/plain; version=0.0.4; charset=utf-8"
NO_STORE = (b"cache-control", b"no-store")


class Scrape:
    """METRICS_TOKEN where it is set, METRICS_NETWORKS where it is not."""

    def __init__(self, settings: Settings, exposition: Exposition, limiter: Limiter) -> None:
        token = settings.metrics_token
        self._door = Door("metrics", token.get_secret_value() if token else "", limiter)
        self._networks = [ipaddress.ip_network(one) for one in settings.metrics_networks]
        self._behind_known_proxies = bool(settings.trusted_proxies)
        self._exposition = exposition

    async def metrics(self, call: Call) -> Reply:
        """The figures of all workers, a second old at most.

        Raises:
            ScraperNeeded: neither the token nor the network is right.
        """
        refusal = ScraperNeeded("The figures are for the operator's scraper.")
        if self._door.token:
            await self._door.enter(call, refusal)
        elif not self._from_here(call):
            await self._door.refuse(call, refusal)
        return Reply(200, await self._exposition.recent(), PROMETHEUS, headers=(NO_STORE,))

    def _from_here(self, call: Call) -> bool:
        """A request that some proxy passed on is as near as whoever sent it, and with no proxy named nobody knows."""
        forwarded = b"x-forwarded-for" in call.headers or b"forwarded" in call.headers
        return within(call.client, self._networks) and (self._behind_known_proxies or not forwarded)
