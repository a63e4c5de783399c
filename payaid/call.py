"""One request's way through the chain: what each layer learned, for the layers after it and for the log."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from payaid.errors import PayaidError
    from payaid.principal import Principal
    from payaid.rest.routes import Target


class Call:
    """Made by the trace layer, kept in `scope["payaid"]`, read by everybody.

    `answer_headers` is what layers add to the answer, whoever writes it; `mark`s become Server-Timing.
    """

    __slots__ = (
        "answer_headers",
        "body",
        "cache_class",
        "cache_result",
        "client",
        "degraded",
        "headers",
        "limiter",
        "marks",
        "method",
        "path",
        "principal",
        "query",
        "receive",
        "refusal",
        "request_id",
        "shown_stamp",
        "started",
        "status",
        "target",
        "traceparent",
    )

    def __init__(self, scope: Any, started: float) -> None:
        self.started = started
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.answer_headers: list[tuple[bytes, bytes]] = []
        self.request_id = ""
        self.traceparent = ""
        self.client = ""
        self.target: Target | None = None
        self.principal: Principal | None = None
        self.refusal: PayaidError | None = None
        self.shown_stamp = 0
        self.body = b""
        # The body itself, of a route that streams: unread, and unbounded but by its endpoint.
        self.receive: Callable[[], Awaitable[MutableMapping[str, Any]]] | None = None
        self.cache_class = ""
        self.cache_result = ""
        self.limiter = ""
        self.degraded = ""
        self.marks: list[tuple[str, float]] = []
        self.status = 0

    def header(self, name: bytes) -> str:
        """A request header's text, or the empty string."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def template(self) -> str:
        """The route's template: the bounded label of metrics and logs."""
        return self.target.template if self.target else "(no route)"

    def who(self) -> "Principal":
        """The caller; only for code behind the identity layer."""
        assert self.principal is not None, "no principal on a route that needs one"  # noqa: S101
        return self.principal
