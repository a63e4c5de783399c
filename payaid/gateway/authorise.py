"""May the caller do what the route does: the role's verb, in a licensed module."""

from collections.abc import Awaitable

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.call import Call
from payaid.errors import Forbidden
from payaid.principal import Principal
from payaid.rules.access import ALWAYS


class Authorise:
    """Inside this layer everything that happens is allowed."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass, or 403."""
        call = call_of(scope)
        if lacking := _lacking(call):
            raise Forbidden(_why(call.who(), lacking))
        return self.app(scope, receive, send)

    @staticmethod
    def at_once(scope: Scope, call: Call) -> bool:
        """It is allowed."""
        return not _lacking(call)


def _lacking(call: Call) -> str:
    """The permission that the caller would need and has not."""
    target = call.target
    if target is None or not target.grant:
        return ""
    granted = (call.principal or call.who()).grants
    if target.grant not in granted:
        return target.grant
    return target.also if target.also and target.also not in granted else ""


def _why(who: Principal, grant: str) -> str:
    module, _, verb = grant.partition(":")
    if module not in who.modules and module != ALWAYS:
        return f"Your organisation has no licence for the module {module}."
    return f"The role {who.role} may not {verb} in {module}."
