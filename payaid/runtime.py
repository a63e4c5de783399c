"""What is opened and closed: one lifetime tree. Nothing opens at import, and everything closes in reverse order."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from payaid import observe
from payaid.datapath import DataPath, background
from payaid.files import Files
from payaid.gateway.observed import InFlight
from payaid.limits.limiter import Limiter
from payaid.settings import Settings
from payaid.stamp_token import StampTokens
from payaid.telemetry.exposition import Exposition, process_name
from payaid.telemetry.log import Log
from payaid.telemetry.prometheus import Metrics
from payaid.telemetry.statsd import StatsD


class Runtime:
    """Everything that lives as long as an API process. Built without I/O; `running` opens it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process = process_name(settings.instance_name)
        self.in_flight = InFlight()
        self.draining = False
        self.path = DataPath(settings)
        self.tokens = StampTokens(settings.jwt_secret.get_secret_value(), lambda: self.path.stamps.epoch)
        secret, keep_s = settings.jwt_secret.get_secret_value(), settings.files_keep_h * 3600
        self.files = Files(settings.files_dir, secret, keep_s)
        self.limiter = Limiter(self.path.redis)
        self.metrics = Metrics(self.process, self._gauges)
        self.exposition = Exposition(settings.run_dir, self.process, self.metrics.exposition)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Runtime"]:
        """Open everything; close it in reverse when the block ends."""
        async with AsyncExitStack() as closing:
            self._interpret_facts(closing)
            await closing.enter_async_context(self.path.running())
            background(closing, self.exposition.keep())
            yield self

    def _interpret_facts(self, closing: AsyncExitStack) -> None:
        closing.callback(observe.silence)
        self.metrics.subscribe()
        Log(self.settings).subscribe()
        if self.settings.statsd_host:
            try:
                statsd = StatsD(self.settings.statsd_host, self.settings.statsd_port)
            except OSError as error:  # its name is not known: no reason not to serve
                observe.emit(observe.Degraded("statsd", type(error).__name__))
                return
            statsd.subscribe()
            closing.callback(statsd.close)
            background(closing, statsd.keep())

    def _gauges(self) -> Iterable[tuple[str, str, dict[str, str], float]]:
        path = self.path
        for pool in path.pools:
            figures = pool.figures()
            for state in ("open", "idle"):
                labels = {"server": pool.name, "state": state}
                yield "payaid_pool_connections", "Pooled connections.", labels, figures[state]
            yield "payaid_pool_waiting", "Callers waiting for one.", {"server": pool.name}, figures["waiting"]
        position = path.stamps.primary()
        for one in path.replicas:
            if position and one.position >= 0:
                lag = max(0.0, position - one.position)
                yield "payaid_replica_lag_bytes", "WAL not replayed yet.", {"replica": one.name}, lag
        yield "payaid_http_in_flight", "Requests under way.", {}, self.in_flight.now
        yield "payaid_cache_l1_bytes", "Bytes kept in process.", {}, path.store.local.bytes
        yield "payaid_cache_l1_entries", "Entries kept in process.", {}, len(path.store.local)
        yield "payaid_hearing", "1 while change notices arrive.", {}, float(path.stamps.hearing == "hearing")
