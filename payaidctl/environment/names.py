"""Which names mean something: the service's own settings, the operator's, and those of the existing PayAid V3."""

from dataclasses import dataclass

from payaid.settings import declared

# What this tool reads on top of the service's settings.
OPERATOR = frozenset(
    {
        "API_URL",
        "BACKUP_MARKER",
        "PGBOUNCER_ADMIN_URL",
        "PROBE_EMAIL",
        "PROBE_PASSWORD",
        "PAYAID_CONTENT",
        "PAYAID_STATE",
        "PAYAID_TARGETS",
    }
)
# The existing Next.js and Prisma system's names. Secrets are judged as such wherever they appear.
THEIR_SECRETS = frozenset(
    {
        "CRON_SECRET",
        "ENCRYPTION_KEY",
        "JWT_REFRESH_SECRET",
        "NEXTAUTH_SECRET",
        "SESSION_SECRET",
        "SUPABASE_SERVICE_ROLE_KEY",
        "UPSTASH_REDIS_REST_TOKEN",
        "WEBHOOK_SECRET",
    }
)
THEIRS = THEIR_SECRETS | {
    "DIRECT_URL",
    "NEXTAUTH_URL",
    "NEXT_PUBLIC_APP_URL",
    "NODE_ENV",
    "REDIS_HOST",
    "REDIS_PORT",
    "SENDGRID_API_KEY",
    "SMTP_PASSWORD",
    "SUPABASE_URL",
    "UPSTASH_REDIS_REST_URL",
}
# Any one of these says that the file configures the existing system, whose cron routes trust CRON_SECRET.
SIGNS_OF_THEIRS = ("NEXTAUTH_URL", "NEXTAUTH_SECRET", "NEXT_PUBLIC_APP_URL")
DATABASE_URLS = (
    "DATABASE_URL",
    "DATABASE_URL_POOLER",
    "DATABASE_READ_URL",
    "DATABASE_LISTEN_URL",
    "DATABASE_READ_DIRECT_URL",
    "DATABASE_DIRECT_URL",
    "DIRECT_URL",
)
# Of those, the ones that the application's queries use, and the ones that must not be pooled.
APPLICATION_URLS = ("DATABASE_URL", "DATABASE_URL_POOLER")
UNPOOLED_URLS = ("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_READ_DIRECT_URL", "DIRECT_URL")
REDIS_URLS = ("REDIS_URL", "QUEUE_REDIS_URL")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one setting, and how to mend it. Not `severe` is worth a look, no more."""

    name: str
    what: str
    fix: str
    severe: bool = True


def signing_secrets() -> frozenset[str]:
    """Names whose whole value is a key: it must be long, random, and used for one thing."""
    return THEIR_SECRETS | {"JWT_SECRET", "OPS_TOKEN", "METRICS_TOKEN"}


def is_secret(name: str) -> bool:
    """Whether the value is confidential: declared so, one of theirs, or called so."""
    field = declared().get(name)
    extra = field.json_schema_extra if field else None
    if isinstance(extra, dict) and extra.get("secret"):
        return True
    return name in THEIR_SECRETS or name.endswith(("_SECRET", "_PASSWORD", "_TOKEN", "_KEY"))


def known() -> frozenset[str]:
    """Every name that something reads."""
    return frozenset(declared()) | OPERATOR | THEIRS
