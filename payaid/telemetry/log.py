"""Facts as log lines: JSON for machines, text for people; what went wrong, what was slow, what degraded."""

import logging
import sys
import time

import structlog

from payaid import observe
from payaid.settings import Settings

# One kind of degradation is logged at most this often; the metric counts them all.
QUIET_S = 5.0


def configure(settings: Settings) -> None:
    """Set the format and the level. Lines go to stderr; nothing that is logged carries a secret or a body."""
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class Log:
    """Interprets facts as lines."""

    def __init__(self, settings: Settings) -> None:
        self._log = structlog.get_logger()
        self._slow_s = settings.slow_ms / 1000
        self._last: dict[str, float] = {}

    def subscribe(self) -> None:
        """Interpret every fact from now on."""
        observe.subscribe(observe.Answered, self._answered)
        observe.subscribe(observe.Degraded, self._degraded)
        observe.subscribe(observe.Crashed, self._crashed)
        observe.subscribe(observe.EpochChanged, self._epoch)

    def _answered(self, fact: observe.Answered) -> None:
        if fact.status >= 500 or fact.seconds >= self._slow_s:
            self._log.warning(
                "slow" if fact.status < 500 else "failed",
                route=fact.route,
                method=fact.method,
                status=fact.status,
                ms=round(fact.seconds * 1000),
                tenant=fact.tenant,
                request=fact.request_id,
            )

    def _degraded(self, fact: observe.Degraded) -> None:
        now = time.monotonic()
        if now - self._last.get(fact.what, float("-inf")) >= QUIET_S:
            self._last[fact.what] = now
            self._log.warning("degraded", what=fact.what, detail=fact.detail)

    def _crashed(self, fact: observe.Crashed) -> None:
        self._log.error("crashed", route=fact.route, request=fact.request_id, exc_info=fact.error)

    def _epoch(self, fact: observe.EpochChanged) -> None:
        self._log.info("epoch", before=fact.before or "none", after=fact.after)
