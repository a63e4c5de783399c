"""What browsers need: CORS for the configured origins, their preflights answered before anybody asks who they are."""

from payaid.asgi import App, Receive, Scope, Send, answer, call_of

METHODS = b"GET, POST, PATCH, DELETE"
REQUEST = b"authorization, content-type, idempotency-key, if-match, if-none-match, x-payaid-stamp, x-request-id"
EXPOSED = (
    b"etag, location, ratelimit, ratelimit-policy, retry-after, x-instance, x-payaid-stamp, x-ratelimit-limit,"
    b" x-ratelimit-remaining, x-ratelimit-reset, x-request-id, x-payaid-degraded, cache-status, server-timing,"
    b" idempotency-replayed, deprecation, sunset, link"
)
AGE = b"600"
VARY = (b"vary", b"origin")


class Browser:
    """Lets pages of the configured origins call; answers their preflights. No origin is allowed by default."""

    def __init__(self, app: App, origins: tuple[str, ...]) -> None:
        self.app = app
        self._origins = {origin.rstrip("/").encode() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the origin in the answer if it may call; a preflight ends here."""
        call = call_of(scope)
        origin = call.headers.get(b"origin")
        # To every origin and to none: a shared cache must not hand one origin's answer to another.
        call.answer_headers.append(VARY)
        if origin in self._origins:
            call.answer_headers += [
                (b"access-control-allow-origin", origin),
                (b"access-control-expose-headers", EXPOSED),
            ]
            if call.method == "OPTIONS" and b"access-control-request-method" in call.headers:
                allowed = [
                    (b"access-control-allow-methods", METHODS),
                    (b"access-control-allow-headers", REQUEST),
                    (b"access-control-max-age", AGE),
                ]
                await answer(send, call, 204, allowed, b"")
                return
        await self.app(scope, receive, send)
