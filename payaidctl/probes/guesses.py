"""Guessing a password: eleven attempts on one account that nobody has. The eleventh must be refused."""

from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx

from payaidctl.errors import Unreachable
from payaidctl.probes import _valkey, http
from payaidctl.target import Target

NAMED_BY = ("API_URL",)
WRITES = "spends a minute's login attempts of this address, and gives them back where the cache's Redis is named"
LOGIN = "/api/v1/auth/login"
ATTEMPTS = 11


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """The status of each attempt, which one was `refused_at` first, and whether the `account` was what was counted.

    Windows are fixed minutes: a series over whose middle a minute ended proves nothing, and is made once more.
    """
    facts = await _series(target, timeout_s)
    return await _series(target, timeout_s) if facts["window_ended"] else facts


async def _series(target: Target, timeout_s: float) -> dict[str, Any]:
    email = f"nobody-{uuid4().hex}@example.invalid"
    account = f"rl:login:account:{sha256(email.encode()).hexdigest()[:32]}"
    own: set[str] = set()

    async def hear(answer: httpx.Response) -> None:  # while its connection is there to be asked
        own.update(_address(answer))

    try:
        async with http.client(target, timeout_s) as client:
            client.event_hooks = {"response": [hear]}
            answers: list[httpx.Response] = []
            await client.get("/health/live")  # shows our address
            for number in range(1, ATTEMPTS + 1):
                if number in (1, ATTEMPTS):
                    # Only the account's own count may refuse one: whoever else logged in from here is forgotten.
                    returned = await _give_back(target, own, timeout_s)
                answers.append(await client.post(LOGIN, json={"email": email, "password": "wrong"}))
    except httpx.HTTPError as error:
        raise Unreachable(f"{target.need('API_URL')}: {str(error) or type(error).__name__}") from error
    finally:
        await _give_back(target, {account, *own}, timeout_s)
    return judge(answers) | {"address_given_back": returned}


def judge(answers: list[httpx.Response]) -> dict[str, Any]:
    """The series as facts. Pure."""
    statuses = [answer.status_code for answer in answers]
    refused = [number for number, status in enumerate(statuses, 1) if status == httpx.codes.TOO_MANY_REQUESTS]
    return {
        "attempts": len(statuses),
        "first": statuses[0],
        "last": statuses[-1],
        "refused_at": refused[0] if refused else None,
        "other": sorted(set(statuses) - {401, 429}),
        "retry_after": answers[-1].headers.get("retry-after", ""),
        "window_ended": _renewed_in(answers[-1]) > _renewed_in(answers[0]),
    }


def _renewed_in(answer: httpx.Response) -> int:
    """Seconds until the window ends, as the answer says; they grow only when another has begun."""
    told = answer.headers.get("x-ratelimit-reset", "")
    return int(told) if told.isdigit() else 0


def _address(answer: httpx.Response) -> set[str]:
    """The limiter's key for our address, as the server sees it where nothing stands between."""
    stream = answer.extensions.get("network_stream")
    client = stream.get_extra_info("client_addr") if stream else None
    return {f"rl:login:{client[0]}"} if client else set()


async def _give_back(target: Target, keys: set[str], timeout_s: float) -> bool:
    if not keys or not target.get("REDIS_CLUSTER_NODES", "REDIS_URL"):
        return False
    async with _valkey.cache(target, timeout_s) as client:
        for key in keys:  # one by one: they lie in different slots
            await client.delete(key)
    return True
