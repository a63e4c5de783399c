"""A server that speaks the API's shapes, and misbehaves when it is told to: run by Granian on loopback.

`STUB_*` environment variables say how: STUB_STALL="5.0:2.0" stops every answer for 2 s, 5 s after the first request;
STUB_FAIL="/api/v1/crm/products:1000" fails one in a thousand; STUB_LIMIT="tenant:200" limits one tenant a minute.
"""

import asyncio
import base64
import json
import os
import re
import time
import uuid
from collections import Counter
from typing import Any

STALL_AT, STALL_FOR = map(float, os.environ.get("STUB_STALL", "0:0").split(":"))
FAIL_PATH, FAIL_EVERY = os.environ.get("STUB_FAIL", "none:1").rsplit(":", 1)
LIMITED, LIMIT = os.environ.get("STUB_LIMIT", "none:200").rsplit(":", 1)
GREEDY = int(os.environ.get("STUB_GREEDY", "0"))
FOREIGN = os.environ.get("STUB_FOREIGN", "")
STARTED = time.time()
first_request = 0.0
counts: Counter[str] = Counter()
windows: Counter[int] = Counter()
seen: set[tuple[str, str]] = set()
metrics: Counter[tuple[str, str]] = Counter()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    message = await receive()
    path = scope["path"]
    if path == "/metrics":
        await answer(send, 200, exposition().encode(), [(b"content-type", b"text/plain")])
    elif path in {"/health/ready", "/openapi.json"}:
        await answer(send, 200, json.dumps({"paths": {}}).encode())
    else:
        await stall()
        await serve(scope, path, message.get("body", b""), send)


async def stall() -> None:
    """Hold everybody who comes during the stall until it is over."""
    global first_request  # noqa: PLW0603
    first_request = first_request or time.monotonic()
    since = time.monotonic() - first_request
    if STALL_FOR and STALL_AT <= since < STALL_AT + STALL_FOR:
        await asyncio.sleep(STALL_AT + STALL_FOR - since)


async def serve(scope: dict[str, Any], path: str, body: bytes, send: Any) -> None:
    """The API's part."""
    tenant = tenant_of(scope)
    if tenant == LIMITED and (refused := over()):
        metrics["limiter", "refused"] += 1
        await answer(send, 429, b'{"title": "Too many requests"}', refused)
        return
    counts[path] += 1
    metrics["requests", "200"] += 1
    if path == FAIL_PATH and counts[path] % int(FAIL_EVERY) == 0:
        await answer(send, 500, b'{"title": "It broke", "detail": "on purpose"}', [(b"x-request-id", b"r-broken")])
        return
    status, document = document_for(scope["method"], path, body, FOREIGN or tenant)
    headers = [(b"x-instance", b"stub-1"), (b"x-payaid-stamp", b"e1.7")]
    if scope["method"] == "GET":
        key = (tenant, path + scope["query_string"].decode())
        hit = key in seen
        seen.add(key)
        metrics["cache", "hit_l1" if hit else "miss"] += 1
        if not hit:
            metrics["reads", "replica"] += 1
        headers.append((b"cache-status", b"payaid-l1; hit" if hit else b"payaid; fwd=miss"))
    await answer(send, status, json.dumps(document).encode(), headers)


def over() -> list[tuple[bytes, bytes]]:
    """Refuse what exceeds the minute's limit; a greedy limiter lets some more through."""
    minute, second = divmod(time.time(), 60)
    windows[int(minute)] += 1
    if windows[int(minute)] <= int(LIMIT) + GREEDY:
        return []
    return [(b"retry-after", str(int(60 - second) + 1).encode())]


def document_for(method: str, path: str, body: bytes, tenant: str) -> tuple[int, Any]:
    """Rows that look like the real ones."""
    if path.endswith("/auth/login"):
        return 200, {"accessToken": "t", "refreshToken": "r", "expiresIn": 900}
    if path.endswith("dashboard/stats"):
        return 200, {"contacts": {"total": 3}}
    item = re.fullmatch(r"/api/v1/(?:\w+/)?(contacts|deals|tasks|invoices|orders|products)/([\w-]+)", path)
    if method == "POST":
        return 201, {"id": uuid.uuid4().hex, "tenantId": tenant, **json.loads(body)}
    if item:
        return 200, {"id": item[2], "tenantId": tenant, "name": "A"}
    rows = [{"id": f"row-{number}", "tenantId": tenant, "name": f"Contact {number}"} for number in range(20)]
    return 200, {"data": rows, "page": {"limit": 50, "next": None}}


def tenant_of(scope: dict[str, Any]) -> str:
    """Whose token it is, unverified: this is no place for trust."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            payload = value.split(b".")[1]
            return str(json.loads(base64.urlsafe_b64decode(payload + b"=="))["tenant_id"])
    return ""


def exposition() -> str:
    """Metrics under the service's names."""
    worker = 'worker="1"'
    lines = [f"payaid_process_start_seconds{{{worker}}} {STARTED}", f"payaid_http_in_flight{{{worker}}} 0"]
    for (what, label), value in metrics.items():
        lines.append({
            "requests": f'payaid_http_requests_total{{route="r",method="GET",status="{label}",{worker}}} {value}',
            "cache": f'payaid_cache_requests_total{{class="list",result="{label}",{worker}}} {value}',
            "reads": f'payaid_reads_total{{server="{label}",reason="fresh",{worker}}} {value}',
            "limiter": f'payaid_limiter_decisions_total{{decision="{label}",tier="basic",{worker}}} {value}',
        }[what])  # fmt: skip
    return "\n".join(lines) + "\n"


async def answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """Send it, with its length."""
    all_ = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": all_})
    await send({"type": "http.response.body", "body": body})
