"""Tell a tenant's own system of an event: a signed POST, whose id stays the same over all attempts."""

import base64
import hashlib
import hmac
import json
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx
from psycopg.rows import dict_row

from payaid.jobs.egress import Route, route
from payaid.jobs.job import Job
from payaid.jobs.outside import COME_AGAIN, retry_after
from payaid.jobs.policy import Effect, Permanent, Policy, Transient, Uncertain

POLICY = Policy(Effect.OUTWARD, deadline_s=30.0, attempts=5)
TIMEOUT = httpx.Timeout(15.0, connect=5.0)


async def run(job: Job) -> Any:
    """Send payload {webhookId, event, at, data, previous?} as {id, event, createdAt, data, previous?}, signed as
    Standard Webhooks says: the same bytes at each attempt.
    """
    webhook = await _webhook(job)
    if webhook is None or not webhook["isActive"]:
        return {"skipped": "the webhook was removed or switched off"}
    way = await route(webhook["url"], job.services.settings.webhook_networks)
    sent_at = int(time.time())
    message = {
        "id": job.id,
        "event": job.payload["event"],
        "createdAt": job.payload.get("at"),
        "data": job.payload.get("data"),
    }
    if "previous" in job.payload:
        message["previous"] = job.payload["previous"]
    body = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
    headers = signed(webhook["secret"], job.id, sent_at, body) | {"Content-Type": "application/json"}
    client = await job.services.shared("webhook client", _client)
    await job.act()
    return await _send(client, way, body, headers)


def signed(secret: str, delivery: str, sent_at: int, body: bytes) -> dict[str, str]:
    """The three headers of the Standard Webhooks specification: id, timestamp, and HMAC-SHA256 over both and body."""
    digest = hmac.new(secret.encode(), f"{delivery}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": delivery, "webhook-timestamp": str(sent_at), "webhook-signature": signature}


async def _webhook(job: Job) -> dict[str, Any] | None:
    query = 'SELECT url, secret, "isActive" FROM "Webhook" WHERE "tenantId" = %s AND id = %s'
    async with job.session() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, (job.tenant, job.payload["webhookId"]))
        return await cursor.fetchone()


async def _client(closing: AsyncExitStack) -> httpx.AsyncClient:
    # No redirects: the next address would be unchecked. No proxy from the environment: it would resolve by itself.
    client = httpx.AsyncClient(
        timeout=TIMEOUT, follow_redirects=False, trust_env=False, headers={"User-Agent": "payaid-webhooks/1"}
    )
    return await closing.enter_async_context(client)


async def _send(client: httpx.AsyncClient, way: Route, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    request = client.build_request(
        "POST", way.url, content=body, headers=headers | way.headers, extensions=dict(way.extensions)
    )
    try:
        answer = await client.send(request, stream=True)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Transient(f"{way.host} cannot be reached: {error or type(error).__name__}") from error
    except httpx.HTTPError as error:
        raise Uncertain(f"{way.host} broke off: {error or type(error).__name__}") from error
    try:
        return _judged(answer, way.host)
    finally:
        await answer.aclose()  # whatever else it has to say is not read


def _judged(answer: httpx.Response, host: str) -> dict[str, Any]:
    status = answer.status_code
    if answer.is_success:
        return {"status": status}
    if status in COME_AGAIN:
        raise Transient(f"{host} answered {status}", retry_after(answer.headers))
    if status >= 500:
        raise Uncertain(f"{host} answered {status}")
    raise Permanent(f"{host} answered {status}" + (" (redirects are not followed)" if status < 400 else ""))
