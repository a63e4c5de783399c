"""One request's way through the chain: what each layer learned, for the layers after it and for the log."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from payaid.errors import PayaidError
    from payaid.principal import Principal
    from payaid.rest.routes import Target


class Call:
    """Made by the trace layer, kept in `scope["payaid"]`, read by everybody.

    `answer_headers` is what layers add to the answer, whoever writes it.
    """

    # Defaults live on the class: a hit, which learns little, then costs few assignments.
    request_id = ""
    traceparent = ""
    client = ""
    target: "Target | None" = None
    principal: "Principal | None" = None
    refusal: "PayaidError | None" = None
    shown_stamp = 0
    body = b""
    cache_class = ""
    cache_result = ""
    limiter = ""
    status = 0
    # When its time is over, by perf_counter.
    ends = float("inf")
    # The body, while it is unread: of a route that streams, unbounded but by its endpoint; of one that was too large.
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]] | None = None

    def __init__(self, scope: Any, started: float) -> None:
        self.started = started
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.answer_headers: list[tuple[bytes, bytes]] = []

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
