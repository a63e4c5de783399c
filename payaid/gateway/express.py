"""The short way: what the layers further in can do without waiting is done here, in their order, by their own code.

A token that is known, a lease in hand and an entry in L1 need nothing but dictionaries. A layer says with `at_once`
what it does then; the first that cannot go on without a wait, or has something against the caller, sends the request
the long way, where no step is charged twice. The order is the chain's own: there is no second list of layers.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from payaid.asgi import KEY, App, Receive, Scope, Send
from payaid.call import Call
from payaid.gateway.failures import Failures
from payaid.gateway.hits import Hits, serve

Step = Callable[[Scope, Call], bool]


class Express:
    """Answers hits at once; everything else takes the long way."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._steps: list[Step] = []
        layer: Any = app
        while not isinstance(layer, Hits):
            if hasattr(layer, "at_once"):
                self._steps.append(layer.at_once)
            elif not isinstance(layer, Failures):
                raise TypeError(f"{type(layer).__name__} stands before the hits and does not say what it does at once")
            layer = layer.app
        self._hits = layer

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """A hit, or the long way."""
        call: Call = scope[KEY]
        target = call.target
        if target is not None and target.cacheable:
            for step in self._steps:
                if not step(scope, call):
                    break
            else:
                if found := self._hits.find(call):
                    return serve(send, call, self._hits.store, *found)
        return self.app(scope, receive, send)
