"""What the stack tells others: stack.env, under the names that production uses."""

from collections.abc import Mapping

from payaid.settings import declared
from payaidctl.stack.pooler import READ_SUFFIX
from payaidctl.stack.ports import LOOPBACK
from payaidctl.stack.site import CACHE_NODES, DATABASE, Site

# A service process never gets these: it may not act as the owner, nor command the pooler.
OPERATOR_ONLY = ("DATABASE_DIRECT_URL",)


def settings(site: Site, database: str = DATABASE) -> dict[str, str]:
    """Every setting of this stack, for one of its databases."""
    service = "payaid_service"
    direct, replica = site.postgres(service, "primary", database), site.postgres(service, "replica", database)
    if site.pooled:
        primary_url = site.postgres(service, "pooler", database)
        replica_url = site.postgres(service, "pooler", database + READ_SUFFIX)
    else:
        primary_url, replica_url = direct, replica
    values = {
        "DATABASE_URL": primary_url,
        "DATABASE_READ_URL": replica_url,
        "DATABASE_DIRECT_URL": site.postgres("payaid_owner", "primary", database),
        "DATABASE_LISTEN_URL": direct,
        "DATABASE_READ_DIRECT_URL": replica,
        "REDIS_CLUSTER_NODES": ",".join(f"{LOOPBACK}:{site.ports[name]}" for name in CACHE_NODES),
        "REDIS_PASSWORD": site.secrets["cache"],
        "QUEUE_REDIS_URL": f"redis://:{site.secrets['queue']}@{LOOPBACK}:{site.ports['queue']}/0",
        "JWT_SECRET": site.secrets["jwt"],
        "JWT_ISSUER": "payaid",
        "JWT_AUDIENCE": "payaid-api",
        "OPS_TOKEN": site.secrets["ops"],
        "HOST": LOOPBACK,
        "PORT": str(site.ports["api"]),
        "WORKERS": "2",
        "RUN_DIR": str(site.layout.run),
        "FILES_DIR": str(site.layout.files),
        "LOG_FORMAT": "json",
        "API_URL": f"http://{LOOPBACK}:{site.ports['api']}",
    }
    if site.pooled:
        stats = site.secrets["pooler_stats"]
        values["PGBOUNCER_ADMIN_URL"] = f"postgresql://pooler_stats:{stats}@{LOOPBACK}:{site.ports['pooler']}/pgbouncer"
    return values | dict(site.choices.settings)


def for_service(values: Mapping[str, str]) -> dict[str, str]:
    """The part of them that the API and the worker are given."""
    known = set(declared()) - set(OPERATOR_ONLY)
    return {name: value for name, value in values.items() if name in known}


def text(values: Mapping[str, str]) -> str:
    """As an env file."""
    return "".join(f"{name}={value}\n" for name, value in values.items())
