"""Named targets: payaid-targets.yaml says which systems there are, and never holds a secret.

targets:
  staging:
    env_file: .env.staging                       # settings from a file, and/or
    from: {DATABASE_DIRECT_URL: STAGING_DB_URL}  # settings from variables of other names, and/or
    set: {API_URL: https://staging.payaid.in}    # settings that are no secrets, as they stand
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from payaidctl.env_file import read_env_file
from payaidctl.errors import UsageError
from payaidctl.marked import Marked, read

FILE = "payaid-targets.yaml"
KEYS = ("env_file", "from", "set")


def named_settings(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of that target, from payaid-targets.yaml here or from the file that PAYAID_TARGETS names.

    Raises:
        UsageError: no such file or name, an unknown key, a secret in the file, or a variable that is not set.
    """
    path = Path(environ.get("PAYAID_TARGETS") or FILE)
    if not path.is_file():
        raise UsageError(f"--target {name}: there is no {path}", "write one, or name a system with --env-file FILE")
    document = read(path)
    targets = document.get("targets")
    if not isinstance(targets, Marked):
        raise UsageError(f"{document.at()}: `targets` is missing", "list the targets under `targets:`")
    if name not in targets:
        known = ", ".join(sorted(targets)) or "none"
        raise UsageError(f"{path} has no target `{name}` (it has: {known})", "name one of those")
    entry = targets[name]
    if not isinstance(entry, Marked) or not entry:
        raise UsageError(f"{targets.at(name)}: `{name}` says nothing", f"give it one of {', '.join(KEYS)}")
    for key in entry:
        if key not in KEYS:
            raise UsageError(f"{entry.at(key)}: unknown key `{key}`", f"known keys: {', '.join(KEYS)}")
    return _settings(entry, environ)


def _settings(entry: Marked, environ: Mapping[str, str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    if file := entry.get("env_file"):
        settings |= read_env_file(entry.path.parent / str(file))
    for setting, variable in _mapping(entry, "from").items():
        if not environ.get(str(variable)):
            raise UsageError(f"{entry.at('from')}: {variable} is not set", f"export {variable}=... for {setting}")
        settings[setting] = environ[str(variable)]
    for setting, value in _mapping(entry, "set").items():
        if _is_secret(setting, str(value)):
            raise UsageError(
                f"{entry.at('set')}: {setting} holds a secret", "take it `from` a variable or an `env_file` instead"
            )
        settings[setting] = str(value)
    return settings


def _mapping(entry: Marked, key: str) -> Mapping[str, Any]:
    found = entry.get(key, {})
    if not isinstance(found, Mapping):
        raise UsageError(f"{entry.at(key)}: `{key}` is not a mapping of settings", "write NAME: value under it")
    return found


def _is_secret(setting: str, value: str) -> bool:
    """A URL with no password may stand in the file; anything else that is declared secret may not."""
    from payaid.settings import declared

    try:
        parts = urlsplit(value)
        if parts.password:
            return True
    except ValueError:
        return True
    field = declared().get(setting)
    extra = field.json_schema_extra if field else None
    secret = isinstance(extra, dict) and bool(extra.get("secret"))
    return secret and not (parts.scheme and parts.hostname)
