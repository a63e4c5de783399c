"""One way to ask a service outside over HTTP, and one meaning of what it answers or fails to."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx

from payaid.jobs.job import Job
from payaid.jobs.policy import Permanent, Transient, Uncertain

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
# Answers that say "not done, come again"; other 5xx may come from a proxy whose backend did it.
COME_AGAIN = (408, 425, 429, 503)
LONGEST_WAIT_S = 3600.0
TOLD = 300


async def client(job: Job) -> httpx.AsyncClient:
    """The worker's one client for services of ours: no redirects, no proxy from the environment."""
    found: httpx.AsyncClient = await job.services.shared("outside", _open)
    return found


async def _open(closing: AsyncExitStack) -> httpx.AsyncClient:
    made = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
    return await closing.enter_async_context(made)


async def ask(job: Job, who: str, url: str, *, secret: str, **request: Any) -> httpx.Response:
    """POST, and answer a 2xx. `who` names the service in errors; URLs may hold account numbers, so none is told, and
    a service that repeats our `secret` in its answer is not quoted with it.

    Raises:
        Transient: it was not done: no connection, or "come again" (429, 503 ...).
        Permanent: it refuses (another 4xx, or a redirect).
        Uncertain: it broke off, or answered 5xx.
    """
    session = await client(job)
    try:
        answer = await session.post(url, **request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Transient(f"{who} cannot be reached: {error or type(error).__name__}") from error
    except httpx.HTTPError as error:
        raise Uncertain(f"{who} broke off: {error or type(error).__name__}") from error
    if answer.is_success:
        return answer
    said = f"{who} answered {answer.status_code}{_words(answer)}".replace(secret, "***")
    if answer.status_code in COME_AGAIN:
        raise Transient(said, retry_after(answer.headers))
    raise Uncertain(said) if answer.status_code >= 500 else Permanent(said)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that an answer asks to wait; 0 where it does not say."""
    asked = headers.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT_S) if asked.isdigit() else 0.0


def _words(answer: httpx.Response) -> str:
    text = " ".join(answer.text.split())
    return f": {text[:TOLD]}" if text else ""
