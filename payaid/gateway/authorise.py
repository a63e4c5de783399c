"""May the caller do what the route does: the role's verb, in a licensed module."""

from payaid.asgi import App, Receive, Scope, Send, call_of
from payaid.errors import Forbidden
from payaid.principal import Principal
from payaid.rules.access import ALWAYS


class Authorise:
    """Inside this layer everything that happens is allowed."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass, or 403."""
        call = call_of(scope)
        if (target := call.target) and target.grant:
            granted = call.who().grants
            if target.grant not in granted:
                raise Forbidden(_why(call.who(), target.grant))
            if target.also and target.also not in granted:
                raise Forbidden(_why(call.who(), target.also))
        await self.app(scope, receive, send)


def _why(who: Principal, grant: str) -> str:
    module, _, verb = grant.partition(":")
    if module not in who.modules and module != ALWAYS:
        return f"Your organisation has no licence for the module {module}."
    return f"The role {who.role} may not {verb} in {module}."
