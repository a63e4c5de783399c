"""One request to the API: status, headers, body; with a token of a sample user where asked."""

from typing import Any

import httpx

from payaidctl.errors import Unreachable
from payaidctl.probes import _caller
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = ""


async def look(
    target: Target,
    timeout_s: float,
    *,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    authenticated: bool = False,
    json: Any = None,
) -> dict[str, Any]:
    """The answer's `status`, `headers` (lower case), `json` (or None), the start of its `text`, and its `ms`."""
    given = dict(headers or {})
    if authenticated:
        given |= (await _caller.caller(target, timeout_s)).headers
    async with client(target, timeout_s) as connection:
        try:
            answer = await connection.request(method, path, headers=given, json=json)
        except httpx.HTTPError as error:
            raise Unreachable(f"{connection.base_url}{path}: {str(error) or type(error).__name__}") from error
    return {
        "status": answer.status_code,
        "headers": dict(answer.headers),
        "json": body(answer),
        "text": answer.text[:2000],
        "ms": round(answer.elapsed.total_seconds() * 1000, 2),
    }


def client(target: Target, timeout_s: float) -> httpx.AsyncClient:
    """A client of the target's API."""
    return httpx.AsyncClient(
        base_url=target.need("API_URL").rstrip("/"), timeout=timeout_s, headers={"user-agent": "payaidctl"}
    )


def body(answer: httpx.Response) -> Any:
    """The answer's JSON, or None where it is none."""
    try:
        return answer.json()
    except ValueError:
        return None
