"""The stack's secrets: made once, kept in one file that only its owner reads, never in a command line or a log."""

import json
import secrets
from pathlib import Path

from payaid.settings import fresh_secret
from payaidctl.stack.render import write

NAMES = (
    "postgres",
    "payaid_owner",
    "payaid_service",
    "payaid_replication",
    "payaid_monitor",
    "pooler_admin",
    "pooler_stats",
    "cache",
    "queue",
    "supervisor",
)


def load(record: Path) -> dict[str, str]:
    """The recorded secrets, completed and recorded anew where one is missing."""
    kept: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    # Hexadecimal needs no quoting in any URL, configuration file or pgpass file.
    made = {name: secrets.token_hex(24) for name in NAMES} | {"jwt": fresh_secret(), "ops": fresh_secret()}
    complete = made | kept
    if complete != kept:
        write(record, json.dumps(complete, indent=1) + "\n", mode=0o600)
    return complete
