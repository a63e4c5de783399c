"""The operator's page of the service, /ops: is it there for the operator, for nobody else, and do its figures move?"""

import json
import re
from typing import Any

import httpx

from payaidctl.errors import Unreachable
from payaidctl.probes import NotNamed, http
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""
PAGE, FIGURES = "/ops", "/ops?figures"
CALLS = 5
COUNTERS = re.compile(r'<script type="application/json" id="counters"[^>]*>(.*?)</script>', re.DOTALL)
ELSEWHERE = re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""")


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """What the page answers with and without the token, by how much its requests `moved`, and what it `shows`."""
    token = target.get("OPS_TOKEN")
    if not token:
        raise NotNamed(f"OPS_TOKEN is not set in {target.origin}: the service has no page /ops")
    headers = {"authorization": f"Bearer {token}"}
    try:
        async with http.client(target, timeout_s) as client:
            stranger = await client.get(PAGE)
            page = await client.get(PAGE, headers=headers)
            before = counters(page.text)
            for _ in range(CALLS):
                await client.get("/api/health")
            after = counters((await client.get(FIGURES, headers=headers)).text)
    except httpx.HTTPError as error:
        raise Unreachable(f"{target.need('API_URL')}{PAGE}: {str(error) or type(error).__name__}") from error
    return {
        "status": page.status_code,
        "without_token": stranger.status_code,
        "calls": CALLS,
        "moved": requests(after) - requests(before),
        "shows": sorted({key.split(" ", 1)[0] for key in after}),
        "needs_others": bool(ELSEWHERE.search(page.text)),
    }


def counters(page: str) -> dict[str, Any]:
    """The counters that the page carries for its script; none where it is no such page."""
    found = COUNTERS.search(page)
    if found is None:
        return {}
    try:
        document = json.loads(found[1])
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def requests(told: dict[str, Any]) -> int:
    """All requests that are counted, over every bucket of time."""
    return round(sum(map(float, told.get("all", ()))))
