"""From settings to a client."""

import ssl
from typing import Any

from redis.asyncio.connection import SSLConnection, parse_url

from payaid.kv.client import RedisKeyValue
from payaid.kv.cluster import Cluster
from payaid.kv.node import Access, Asks, Node
from payaid.settings import Settings


def connect(settings: Settings) -> RedisKeyValue | None:
    """The cache's and the limiter's Redis, as configured; None where none is. Nothing is sent yet."""
    if settings.redis_cluster_nodes:
        password = settings.redis_password.get_secret_value() if settings.redis_password else ""
        tls = ssl.create_default_context() if settings.redis_tls else None
        seeds = [_host_port(one) for one in settings.redis_cluster_nodes]
        servers: Asks = Cluster(seeds, Access(password=password, tls=tls))
    elif settings.redis_url:
        servers = _single(settings.redis_url.get_secret_value())
    else:
        return None
    return RedisKeyValue(servers, settings.redis_timeout_ms / 1000)


def _single(url: str) -> Node:
    given: dict[str, Any] = {**parse_url(url)}
    secure = given.get("connection_class") is SSLConnection
    access = Access(
        username=given.get("username") or "",
        password=given.get("password") or "",
        tls=_context(given) if secure else None,
        database=int(given.get("db") or 0),
    )
    return Node(given.get("host") or "127.0.0.1", given.get("port") or 6379, access)


def _context(given: dict[str, Any]) -> ssl.SSLContext:
    """What the URL says of TLS, by redis-py's names: whom to trust, and who we are."""
    context = ssl.create_default_context(cafile=given.get("ssl_ca_certs"))
    if certificate := given.get("ssl_certfile"):
        context.load_cert_chain(certificate, given.get("ssl_keyfile"))
    if given.get("ssl_cert_reqs") in {"none", "CERT_NONE"}:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _host_port(node: str) -> tuple[str, int]:
    host, _, port = node.rpartition(":")
    return (host or node).strip("[]"), int(port) if port.isdigit() else 6379
