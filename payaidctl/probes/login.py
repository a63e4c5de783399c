"""Warming on login, proven as a user sees it: log in, wait a moment, and look whether the first pages hit."""

import asyncio
from typing import Any

import httpx

from payaidctl.errors import Unreachable
from payaidctl.probes import NotNamed, _caller, http
from payaidctl.seed import PASSWORD
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = "logs a sample user in, and out again"
LOGIN = "/api/v1/auth/login"
LOGOUT = "/api/v1/auth/logout"
PAGES = (
    "/api/v1/dashboard/stats",
    "/api/v1/crm/contacts",
    "/api/v1/crm/deals",
    "/api/v1/finance/invoices",
    "/api/v1/crm/tasks",
)


async def look(target: Target, timeout_s: float, settle_s: float = 3.0) -> dict[str, Any]:
    """The login's `status`, and for each of the warmed `pages` whether its very first reading was a hit."""
    email, password = await _credentials(target, timeout_s)
    try:
        async with http.client(target, timeout_s) as client:
            answer = await client.post(LOGIN, json={"email": email, "password": password})
            if answer.status_code != httpx.codes.OK:
                return {"status": answer.status_code, "pages": {}, "asked": 0, "warm": 0, "cold": []}
            headers = {"authorization": f"Bearer {answer.json()['accessToken']}"}
            await asyncio.sleep(settle_s)
            read = [await _first(client, path, headers) for path in PAGES]
            await client.post(LOGOUT, headers=headers)
    except httpx.HTTPError as error:
        raise Unreachable(f"{target.need('API_URL')}: {str(error) or type(error).__name__}") from error
    return {
        "status": answer.status_code,
        "pages": {one["path"]: one for one in read},
        "asked": len(read),
        "warm": sum(one["hit"] for one in read),
        "cold": [f"{one['path']}: {one['status']} {one['says']}" for one in read if not one["hit"]],
    }


async def _credentials(target: Target, timeout_s: float) -> tuple[str, str]:
    """PROBE_EMAIL and PROBE_PASSWORD where the target has them; else a sample user of a tenant that is little used.

    Little used, so that what hits was warmed by this login and not by someone before.
    """
    if (email := target.get("PROBE_EMAIL")) and (password := target.get("PROBE_PASSWORD")):
        return email, password
    if not target.embedded:
        raise NotNamed(f"PROBE_EMAIL and PROBE_PASSWORD are not set in {target.origin}")
    speaker = await _caller.caller(target, timeout_s, tier="pro", spare=True)
    return speaker.email, PASSWORD


async def _first(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = await client.get(path, headers=headers)
    says = answer.headers.get("cache-status", "no Cache-Status")
    return {"path": path, "status": answer.status_code, "says": says, "hit": answer.is_success and "; hit" in says}
