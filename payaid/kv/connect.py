"""From settings to a client."""

import ssl
from urllib.parse import parse_qsl, unquote, urlsplit

from payaid.kv.client import RedisKeyValue
from payaid.kv.cluster import Cluster
from payaid.kv.node import Access, Asks, Node
from payaid.settings import Settings

PORT = 6379


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
    """`redis://user:password@host:port/database`, or rediss:// for TLS; `?db=` and `?ssl_...` as redis-py has them.

    Read here and not by redis-py: importing that costs half a second of every start.
    """
    given = urlsplit(url)
    options = dict(parse_qsl(given.query))
    access = Access(
        username=unquote(given.username or ""),
        password=unquote(given.password or ""),
        tls=_context(options) if given.scheme == "rediss" else None,
        database=int(options.get("db") or unquote(given.path).strip("/") or 0),
    )
    return Node(unquote(given.hostname or "127.0.0.1"), given.port or PORT, access)


def _context(options: dict[str, str]) -> ssl.SSLContext:
    """What the URL says of TLS: whom to trust, and who we are."""
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if certificate := options.get("ssl_certfile"):
        context.load_cert_chain(certificate, options.get("ssl_keyfile"))
    if options.get("ssl_cert_reqs") in {"none", "CERT_NONE"}:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _host_port(node: str) -> tuple[str, int]:
    host, _, port = node.rpartition(":")
    return (host or node).strip("[]"), int(port) if port.isdigit() else PORT
