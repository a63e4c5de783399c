"""Gives a request its name, its place in a trace, and its meaning (the route)."""

import itertools
import os
import re
import time
from collections.abc import Awaitable

from payaid.asgi import KEY, App, Receive, Scope, Send
from payaid.call import Call
from payaid.rest.routes import resolve

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

NO_SNIFFING = (b"x-content-type-options", b"nosniff")


class Trace:
    """Outermost: whatever happens below has a request id, and every answer says how it is to be taken."""

    def __init__(self, app: App, instance: str, hsts_s: int = 0) -> None:
        self.app = app
        self._always = [(b"x-instance", instance.encode()), NO_SNIFFING]
        if hsts_s:
            self._always.append((b"strict-transport-security", b"max-age=%d; includeSubDomains" % hsts_s))
        # Unique without asking the kernel at each request: the process' own random prefix, and a count.
        self._prefix, self._count = os.urandom(8).hex(), itertools.count(1)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Make the Call, resolve the route, name the answer."""
        call = Call(scope, time.perf_counter())
        scope[KEY] = call
        headers = call.headers
        given = headers.get(b"x-request-id")
        if given and REQUEST_ID.fullmatch(name := given.decode("latin-1")):
            call.request_id = name
        else:
            call.request_id = f"{self._prefix}{next(self._count):08x}"
        if parent := headers.get(b"traceparent"):
            text = parent.decode("latin-1")
            call.traceparent = text if TRACEPARENT.fullmatch(text) else ""
        if routes := resolve(call.path):
            call.target = routes.get(call.method)
        call.answer_headers = [*self._always, (b"x-request-id", call.request_id.encode())]
        if call.target is not None and call.target.headers:
            call.answer_headers += call.target.headers
        return self.app(scope, receive, send)
