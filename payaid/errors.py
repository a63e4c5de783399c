"""The error tree. Each error owns its HTTP status, its code, its title and its advice; nobody else decides those.

Rendered as RFC 9457 problem documents (gateway/failures.py). `errors` lists the single mistakes, each with the
JSON pointer (or `query:name`) of what was wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class PayaidError(Exception):
    """The root. `detail` says what was wrong, and where."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"
    advice: ClassVar[str] = "Try again; if it persists, quote the request id to support."

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def problem(self, instance: str = "") -> dict[str, Any]:
        """The problem document's members."""
        document: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "advice": self.advice,
        }
        if instance:
            document["instance"] = instance
        if self.errors:
            document["errors"] = self.errors
        return document


class BadRequest(PayaidError):
    """The request cannot be understood: a malformed query, cursor, header or JSON text."""

    status = 400
    code = "bad-request"
    title = "Bad request"
    advice = "Correct the request; `errors` names each mistake."


class Unauthenticated(PayaidError):
    """No credentials, or credentials that are not good."""

    status = 401
    code = "unauthenticated"
    title = "Authentication required"
    advice = "Log in at POST /api/v1/auth/login and send `Authorization: Bearer <access_token>`."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class OperatorNeeded(Unauthenticated):
    """The operator's page, asked for by somebody else. A browser asks its user for the token as a password."""

    advice = "Send OPS_TOKEN as a bearer token, or as the password of any user."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.headers["WWW-Authenticate"] = 'Basic realm="payaid operator", charset="UTF-8"'


class ScraperNeeded(Unauthenticated):
    """The figures of /metrics, asked for by somebody else."""

    advice = "Send METRICS_TOKEN as a bearer token, or scrape from one of METRICS_NETWORKS where no token is set."


class Forbidden(PayaidError):
    """Known, and not allowed: a role or a module licence is missing."""

    status = 403
    code = "forbidden"
    title = "Not allowed"
    advice = "Ask an owner of your organisation for the role or the module."


class NotFound(PayaidError):
    """No such thing for this tenant. Another tenant's row looks exactly like no row."""

    status = 404
    code = "not-found"
    title = "Not found"
    advice = "Check the path and the id; /openapi.json lists every endpoint."


class MethodNotAllowed(PayaidError):
    """The path exists; the method does not."""

    status = 405
    code = "method-not-allowed"
    title = "Method not allowed"
    advice = "Use one of the methods in the Allow header."


class Conflict(PayaidError):
    """The state does not allow it: a duplicate, a row still referred to, an idempotent request in flight."""

    status = 409
    code = "conflict"
    title = "Conflict"
    advice = "Read the current state and decide again."


class TooMuchWaiting(Conflict):
    """The organisation's uploads that are not dealt with yet have reached their bound."""

    code = "uploads-waiting"
    title = "Too many uploads are waiting"
    advice = "Wait until imports are done: their uploads are removed then. Retry those that failed, or let them be."


class PreconditionFailed(PayaidError):
    """If-Match named a version that is no longer current."""

    status = 412
    code = "precondition-failed"
    title = "The row has changed since you read it"
    advice = "Read it again, apply your change to the new version, and send its ETag in If-Match."


class BodyTooLarge(PayaidError):
    """The body is over the bound."""

    status = 413
    code = "body-too-large"
    title = "The body is too large"
    advice = "Send less at a time; bulk data goes through an import job."


class UriTooLong(PayaidError):
    """The path and the query are over the bound."""

    status = 414
    code = "uri-too-long"
    title = "The path or the query is too long"
    advice = "Ask for less at a time: fewer alternatives of a filter, or several requests."


class HeadersTooLarge(PayaidError):
    """There are more headers, or they are longer, than any client of ours needs."""

    status = 431
    code = "headers-too-large"
    title = "The headers are too large"
    advice = "Send fewer and shorter headers; a browser's cookies for this host are not needed."


class UnsupportedMedia(PayaidError):
    """The body is not JSON."""

    status = 415
    code = "unsupported-media-type"
    title = "Unsupported media type"
    advice = "Send `Content-Type: application/json`."


class Invalid(PayaidError):
    """Understood, and wrong: fields that break their rules. All mistakes are listed at once."""

    status = 422
    code = "invalid"
    title = "The input breaks a rule"
    advice = "Correct the fields that `errors` points to."


class TooManyRequests(PayaidError):
    """The tenant's (or, unauthenticated, the address's) budget is spent."""

    status = 429
    code = "too-many-requests"
    title = "Too many requests"
    advice = "Wait for Retry-After seconds; a higher plan has a higher limit."


class Unavailable(PayaidError):
    """For now: a backend is away or saturated. Nothing was done."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"
    advice = "Try again after Retry-After seconds."

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class OutcomeUnknown(Unavailable):
    """The server was lost while it committed: the write may have happened."""

    def __init__(self) -> None:
        super().__init__("It is not known whether the write happened: repeat it with the same Idempotency-Key.")


class DeadlineExceeded(PayaidError):
    """The request took longer than its deadline; a write may or may not have happened."""

    status = 504
    code = "deadline-exceeded"
    title = "The deadline passed"
    advice = "Repeat a write with the same Idempotency-Key: it is done at most once."
