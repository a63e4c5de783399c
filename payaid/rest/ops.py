"""GET /ops: the instance's figures for the operator, by the token of OPS_TOKEN; without that setting, no such page.

A page of ours alone: what its nonce does not name is not run, and nothing is loaded from elsewhere.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from functools import cache

import orjson
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from payaid.call import Call
from payaid.content import content
from payaid.errors import NotFound, OperatorNeeded
from payaid.limits.limiter import Limiter
from payaid.rest.door import Door
from payaid.rest.pages import HTML, guarded
from payaid.rest.reply import Reply
from payaid.telemetry.figures import figures
from payaid.telemetry.prometheus import BOUNDS


class Ops:
    """The page, and, with `?figures`, the part of it that its script asks for again and again."""

    def __init__(self, token: str, process: str, exposition: Callable[[], bytes], limiter: Limiter) -> None:
        self._door = Door("ops", token, limiter)
        self._process = process
        self._exposition = exposition

    async def page(self, call: Call) -> Reply:
        """The operator's page; for anybody else 401, and soon 429.

        Raises:
            NotFound: no token is set, so there is no page.
            OperatorNeeded: not the operator.
        """
        if not self._door.token:
            raise NotFound(f"There is nothing at {call.path}.")
        await self._door.enter(call, OperatorNeeded("This page is for the operator."))
        nonce = secrets.token_urlsafe(16)
        template = "ops_figures.html.j2" if call.query == "figures" else "ops.html.j2"
        body = await asyncio.to_thread(self._render, template, nonce)
        return Reply(200, body, HTML, headers=(*_guarded(nonce), (b"cache-control", b"no-store")))

    def _render(self, template: str, nonce: str) -> bytes:
        told = figures(self._exposition().decode(), time.time())
        counters = Markup(orjson.dumps(told.pop("counters")).decode().replace("<", "\\u003c"))  # noqa: S704  # JSON
        page = _templates().get_template(template)
        return page.render(told, process=self._process, counters=counters, nonce=nonce, bounds=BOUNDS).encode()


def _guarded(nonce: str) -> tuple[tuple[bytes, bytes], ...]:
    return guarded(
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _templates() -> Environment:
    # Everything is escaped: a label may be what a caller made up.
    found = Environment(
        loader=FileSystemLoader(content("templates/service")), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    found.filters |= {"ms": _ms, "count": _count, "percent": _percent, "octets": _octets, "span": _span}
    return found


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"


def _octets(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 2**20:,.0f} MB" if value >= 2**20 else f"{value / 2**10:,.0f} kB"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
