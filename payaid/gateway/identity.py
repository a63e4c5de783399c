"""Who calls. A token is verified once and its principal kept; the database has the last word on who is active."""

import ipaddress
from typing import Protocol

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.call import Call
from payaid.errors import BadRequest, MethodNotAllowed, NotFound, PayaidError, Unauthenticated
from payaid.principal import Principal
from payaid.rest.routes import resolve
from payaid.rules.addresses import within, without_port
from payaid.stamp_token import StampTokens


class Callers(Protocol):
    """Who credentials stand for (`rest.sessions`)."""

    def known(self, credentials: bytes) -> Principal | None:
        """At once, if they were seen before and are good still."""

    async def authenticate(self, credentials: bytes) -> Principal:
        """With a look wherever it takes one; raises Unauthenticated."""


class Identity:
    """Inside this layer `call.principal` is set wherever the route is not public.

    A caller that cannot be identified, a token that is not ours, and a path that means nothing become
    `call.refusal`: the limiter charges for it first, so that guessing costs the guesser.
    """

    def __init__(self, app: App, callers: Callers, stamps: StampTokens, proxies: tuple[str, ...]) -> None:
        self.app = app
        self._callers = callers
        self._stamps = stamps
        self._proxies = tuple(ipaddress.ip_network(one) for one in proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Identify the caller."""
        call = call_of(scope)
        call.client = self._address(scope)
        if call.target is None:
            call.refusal = self._nowhere(call)
        elif not call.target.public and not call.principal:
            await self._identify(call)
            self._show(call)
        await self.app(scope, receive, send)

    def at_once(self, scope: Scope, call: Call) -> bool:
        """The caller is known, and shows nothing that is not ours."""
        call.principal = self._callers.known(call.headers.get(b"authorization", b""))
        if call.principal is None:
            return False
        self._show(call)
        return call.refusal is None

    async def _identify(self, call: Call) -> None:
        credentials = call.headers.get(b"authorization")
        if not credentials:
            call.refusal = Unauthenticated("The request has no Authorization header.")
            return
        try:
            call.principal = await self._callers.authenticate(credentials)
        except Unauthenticated as error:
            call.refusal = error

    def _show(self, call: Call) -> None:
        shown = call.headers.get(b"x-payaid-stamp")
        if not shown or call.refusal:
            return
        try:
            call.shown_stamp = self._stamps.open(shown.decode("latin-1"))
        except BadRequest as error:
            call.refusal = error

    @staticmethod
    def _nowhere(call: Call) -> PayaidError:
        routes = resolve(call.path)
        if not routes:
            return NotFound(f"There is nothing at {call.path[:200]}.")
        allowed = ", ".join(sorted(routes))
        return MethodNotAllowed(f"{call.path[:200]} answers to {allowed}.", headers={"Allow": allowed})

    def _address(self, scope: Scope) -> str:
        """The caller's address. X-Forwarded-For is believed only as far as trusted proxies wrote it."""
        client = scope.get("client")
        address = str(client[0]) if client else ""
        if not self._proxies:
            return address
        # Each proxy adds a word to the line, or a line of its own.
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        forwarded = [without_port(one.strip()) for one in ",".join(lines).split(",") if one.strip()]
        while forwarded and within(address, self._proxies):
            address = forwarded.pop()
        return address
