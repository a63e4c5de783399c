"""Every setting once: name, type, default, rule and meaning.

The service reads them from the environment; `payaidctl check-env`, `.env.example` and docs/settings.md read this
list. Nothing else in the project looks at `os.environ` for a setting.
"""

import ipaddress
import os
import secrets
import socket
from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    ConfigDict,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from payaid.setting import Words, setting, split
from payaid.settings_outside import Outside

# What somebody was meant to replace, in a secret; in an address all but `example`, which hosts are called.
PLACEHOLDERS = ("change-me", "changeme", "your-secret", "placeholder", "example", "undefined", "xxxx")
PLACEHOLDERS_IN_URLS = tuple(word for word in PLACEHOLDERS if word != "example")


class SettingsError(Exception):
    """One or more settings are wrong. `mistakes` holds (name, what is wrong); values are never repeated."""

    def __init__(self, mistakes: list[tuple[str, str]]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{name}: {what}" for name, what in mistakes))


class Settings(Outside):
    """The service's settings, validated. Build with `Settings.read()`."""

    model_config = ConfigDict(frozen=True, populate_by_name=False, extra="ignore")

    # -- database ---------------------------------------------------------------------------------------------
    database_url: SecretStr | None = setting(
        None, "DATABASE_URL", "database", "Primary, for the service role; through the pooler where there is one.",
        secret=True,
    )  # fmt: skip
    database_url_pooler: SecretStr | None = setting(
        None, "DATABASE_URL_POOLER", "database", "The pooler's URL; wins over DATABASE_URL.", secret=True
    )
    database_read_urls: Words = setting(
        (), "DATABASE_READ_URL", "database", "Replicas, one URL each, separated by commas; may be pooled.",
        secret=True,
    )  # fmt: skip
    database_listen_url: SecretStr | None = setting(
        None, "DATABASE_LISTEN_URL", "database",
        "Primary without a pooler, for LISTEN and WAL positions, service role; unset: DATABASE_DIRECT_URL.",
        secret=True,
    )  # fmt: skip
    database_read_direct_urls: Words = setting(
        (), "DATABASE_READ_DIRECT_URL", "database",
        "The same replicas in the same order without a pooler, for WAL positions; unset: DATABASE_READ_URL.",
        secret=True,
    )  # fmt: skip
    database_direct_url: SecretStr | None = setting(
        None, "DATABASE_DIRECT_URL", "database",
        "Primary, for the owner, never pooled: migrations and indexes. The service needs it for nothing else.",
        secret=True,
    )  # fmt: skip
    pool_min: int = setting(5, "DATABASE_POOL_MIN", "database", "Connections kept per worker and server.", ge=0)
    pool_max: int = setting(20, "DATABASE_POOL_MAX", "database", "Connections at most per worker and server.", ge=1)
    pool_idle_s: float = setting(
        10.0,
        "DATABASE_POOL_IDLE_S",
        "database",
        "Seconds after which an idle connection above the minimum closes.",
        gt=0,
    )
    pool_wait_ms: int = setting(
        1000,
        "DATABASE_POOL_WAIT_MS",
        "database",
        "Longest wait for a connection before 503 + Retry-After.",
        ge=1,
    )
    pool_queue: int = setting(
        400,
        "DATABASE_POOL_QUEUE",
        "database",
        "Requests that may wait for a connection, per worker and server.",
        ge=0,
    )
    statement_timeout_ms: int = setting(
        5000, "DATABASE_STATEMENT_TIMEOUT_MS", "database", "Longest time for one statement.", ge=10
    )

    # -- redis ------------------------------------------------------------------------------------------------
    redis_url: SecretStr | None = setting(
        None, "REDIS_URL", "redis", "Cache and limits, one node: redis:// or rediss://.", secret=True
    )
    redis_cluster_nodes: Words = setting(
        (),
        "REDIS_CLUSTER_NODES",
        "redis",
        "Cache and limits, a cluster: host:port of some nodes; wins over REDIS_URL.",
    )
    redis_password: SecretStr | None = setting(
        None, "REDIS_PASSWORD", "redis", "Password of the cluster's nodes.", secret=True
    )
    redis_tls: bool = setting(False, "REDIS_TLS", "redis", "Speak TLS to the cluster's nodes.")
    redis_timeout_ms: int = setting(75, "REDIS_TIMEOUT_MS", "redis", "Longest wait for one answer.", ge=5, le=5000)
    queue_redis_url: SecretStr | None = setting(
        None,
        "QUEUE_REDIS_URL",
        "redis",
        "The queue's own Redis (noeviction, AOF); never the cache's.",
        secret=True,
    )

    # -- identity ---------------------------------------------------------------------------------------------
    jwt_secret: SecretStr = setting(
        ..., "JWT_SECRET", "identity", "Signs tokens and cursors (HS256); 32 characters or more.", secret=True
    )
    jwt_issuer: str = setting("payaid", "JWT_ISSUER", "identity", "The `iss` that tokens carry.", min_length=1)
    jwt_audience: str = setting("payaid-api", "JWT_AUDIENCE", "identity", "The `aud` that tokens carry.", min_length=1)
    access_ttl_s: int = setting(900, "ACCESS_TOKEN_TTL_S", "identity", "Life of an access token.", ge=30)
    refresh_ttl_s: int = setting(604_800, "REFRESH_TOKEN_TTL_S", "identity", "Life of a refresh token.", ge=60)

    # -- http -------------------------------------------------------------------------------------------------
    host: str = setting("127.0.0.1", "HOST", "http", "Address to bind; loopback unless told otherwise.")
    port: int = setting(8000, "PORT", "http", "Port to bind.", ge=1, le=65535)
    workers: int = setting(2, "WORKERS", "http", "Worker processes.", ge=1)
    backlog: int = setting(
        4096,
        "BACKLOG",
        "http",
        "Connections waiting to be accepted; the kernel caps it (net.core.somaxconn).",
        ge=128,
    )
    connections: int = setting(
        12_000, "CONNECTIONS", "http",
        "Accepted connections per worker; below the users that keep one open, they stall.", ge=1,
    )  # fmt: skip
    body_limit: int = setting(1_048_576, "BODY_LIMIT", "http", "Largest request body, in bytes.", ge=1024)
    deadline_ms: int = setting(10_000, "REQUEST_DEADLINE_MS", "http", "Longest time for one request.", ge=100)
    drain_s: float = setting(15.0, "DRAIN_S", "http", "Seconds that SIGTERM leaves to requests under way.", ge=0)
    hsts_s: int = setting(
        0, "HSTS_MAX_AGE_S", "http",
        "Seconds for which browsers insist on TLS (Strict-Transport-Security); 0: the balancer says so, or nobody.",
        ge=0,
    )  # fmt: skip
    cors_origins: Words = setting((), "CORS_ORIGINS", "http", "Origins that browsers may call from; none by default.")
    trusted_proxies: Words = setting(
        (), "TRUSTED_PROXIES", "http", "Networks (CIDR) whose X-Forwarded-For is believed; none by default."
    )
    instance: str = setting("", "INSTANCE_ID", "http", "Name of this instance in X-Instance; empty: the host's name.")
    run_dir: str = setting(
        "",
        "RUN_DIR",
        "http",
        "Folder in which the workers of one instance meet (metrics); empty: a temporary one.",
    )

    # -- cache and limits -------------------------------------------------------------------------------------
    cache: bool = setting(True, "CACHE", "cache", "Keep answers; off, every read goes to a database.")
    cache_l1_bytes: int = setting(
        67_108_864,
        "CACHE_L1_BYTES",
        "cache",
        "Bound of the in-process layer, per worker, in bytes.",
        ge=1_048_576,
    )
    limits: bool = setting(True, "RATE_LIMITS", "limits", "Enforce the rate limits.")

    # -- jobs -------------------------------------------------------------------------------------------------
    worker_concurrency: int = setting(
        16, "WORKER_CONCURRENCY", "jobs", "Jobs that one worker process runs side by side.", ge=1, le=500
    )
    worker_processes: int = setting(
        2, "WORKER_PROCESSES", "jobs", "Child processes of a worker, for PDFs and spreadsheets.", ge=1, le=64
    )
    worker_process_memory: int = setting(
        1_073_741_824, "WORKER_PROCESS_MEMORY", "jobs",
        "Address space of each child process, in bytes: what would need more (a workbook that unfolds) is refused.",
        ge=268_435_456,
    )  # fmt: skip
    files_dir: str = setting(
        "", "FILES_DIR", "jobs",
        "Folder that API and workers share: uploads, and the files that jobs make; unset: no exports, no imports.",
    )  # fmt: skip
    files_keep_h: float = setting(
        24.0, "FILES_KEEP_H", "jobs", "Hours for which a file that a job has made can be downloaded.", gt=0, le=720
    )
    import_limit: int = setting(67_108_864, "IMPORT_LIMIT", "jobs", "Largest upload of an import, in bytes.", ge=1024)
    uploads_waiting: int = setting(
        536_870_912, "UPLOADS_WAITING", "jobs",
        "Bytes of uploads that one tenant's open and failed jobs may hold; below IMPORT_LIMIT, less can be sent.",
        ge=1024,
    )  # fmt: skip

    # -- telemetry --------------------------------------------------------------------------------------------
    log_level: str = setting(
        "info",
        "LOG_LEVEL",
        "telemetry",
        "debug, info, warning or error.",
        pattern="^(debug|info|warning|error)$",
    )
    log_format: str = setting("json", "LOG_FORMAT", "telemetry", "json, or text for people.", pattern="^(json|text)$")
    slow_ms: int = setting(1000, "SLOW_MS", "telemetry", "A request over this is slow: logged and counted.", ge=1)
    metrics_token: SecretStr | None = setting(
        None, "METRICS_TOKEN", "telemetry",
        "The scraper's bearer token for /metrics, 32 characters or more; unset: METRICS_NETWORKS may scrape.",
        secret=True,
    )  # fmt: skip
    metrics_networks: Words = setting(
        ("127.0.0.0/8", "::1/128"), "METRICS_NETWORKS", "telemetry",
        "Networks (CIDR) that may read /metrics without METRICS_TOKEN; this machine alone by default.",
    )  # fmt: skip
    ops_token: SecretStr | None = setting(
        None, "OPS_TOKEN", "telemetry",
        "The operator's password for the page /ops, 32 characters or more; unset: there is no such page.", secret=True,
    )  # fmt: skip
    statsd_host: str = setting("", "STATSD_HOST", "telemetry", "StatsD server; empty: off.")
    statsd_port: int = setting(8125, "STATSD_PORT", "telemetry", "Its UDP port.", ge=1, le=65535)

    @field_validator(
        "database_read_urls", "database_read_direct_urls", "redis_cluster_nodes", "cors_origins", "trusted_proxies",
        "webhook_networks", "msg91_flows", "metrics_networks", mode="before",
    )  # fmt: skip
    @classmethod
    def _words(cls, value: Any) -> Any:
        return split(value)

    @field_validator("jwt_secret", "ops_token", "metrics_token")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value()
        if len(text) < 32:
            raise ValueError("shorter than 32 characters; make one with `openssl rand -base64 48`")
        if any(word in text.lower() for word in PLACEHOLDERS):
            raise ValueError("a placeholder, not a secret; make one with `openssl rand -base64 48`")
        return value

    @field_validator("trusted_proxies", "webhook_networks", "metrics_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(f"not a network in CIDR notation: {error}") from None
        return value

    @field_validator("redis_url", "queue_redis_url")
    @classmethod
    def _redis_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("not a redis:// or rediss:// URL (an https REST URL cannot serve here)")
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        if not (self.database_url or self.database_url_pooler):
            raise ValueError("DATABASE_URL: not set")
        direct = self.database_read_direct_urls
        if direct and len(direct) != len(self.database_read_urls):
            raise ValueError("DATABASE_READ_DIRECT_URL: must name as many replicas as DATABASE_READ_URL")
        if self.pool_min > self.pool_max:
            raise ValueError("DATABASE_POOL_MIN: larger than DATABASE_POOL_MAX")
        return self

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read and validate the environment.

        Raises:
            SettingsError: listing every mistake at once, by the setting's name, without any value.
        """
        environ = os.environ if environ is None else environ
        given = {name: value for name, value in environ.items() if value != ""}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError([_mistake(one) for one in error.errors(include_input=False)]) from None

    @property
    def primary_dsn(self) -> str:
        """The URL that the service's primary pool uses."""
        return _first(self.database_url_pooler, self.database_url)

    @property
    def listen_dsn(self) -> str:
        """The URL for LISTEN and WAL positions, which a transaction pooler cannot carry."""
        return _first(self.database_listen_url, self.database_direct_url, self.database_url)

    @property
    def replica_dsns(self) -> list[tuple[str, str]]:
        """(URL for reads, direct URL for WAL positions), one pair a replica."""
        direct = self.database_read_direct_urls or self.database_read_urls
        return list(zip(self.database_read_urls, direct, strict=True))

    @property
    def instance_name(self) -> str:
        """Who answers: the configured name, or the host's."""
        return self.instance or socket.gethostname()


def _first(*candidates: SecretStr | None) -> str:
    return next(candidate for candidate in candidates if candidate).get_secret_value()


def _mistake(error: Any) -> tuple[str, str]:
    what = str(error["msg"]).removeprefix("Value error, ")
    if error["loc"]:
        return str(error["loc"][0]), "not set" if error["type"] == "missing" else what
    name, _, rest = what.partition(": ")
    return name, rest


def declared() -> dict[str, FieldInfo]:
    """Every setting by the name it has in the environment."""
    # What lies outside last: nothing of it is needed to start.
    fields = sorted(Settings.model_fields.items(), key=lambda item: item[0] in Outside.model_fields)
    return {str(field.alias): field for _, field in fields}


def fresh_secret() -> str:
    """A new signing secret, for stacks that the tool starts itself."""
    # Hexadecimal: a base64 text would spell a placeholder ("xxxx") once in some 17,000 times.
    return secrets.token_hex(32)
