"""Rules for one value by itself: blanks, newlines, quotes, placeholders, lengths, types."""

import re
from collections.abc import Iterator, Mapping

from payaid.settings import PLACEHOLDERS, PLACEHOLDERS_IN_URLS, Settings, SettingsError, declared
from payaidctl.environment.names import DATABASE_URLS, REDIS_URLS, Mistake, is_secret, signing_secrets

FRESH = "make one with `openssl rand -base64 48`"
SHORTEST_SECRET = 32
TEMPLATE = re.compile(r"<[^<>]+>|\[[A-Za-z][A-Za-z _-]+\]|\$\{[^}]*\}|\byour[-_ ]", re.IGNORECASE)


def judge(env: Mapping[str, str]) -> list[Mistake]:
    """Every mistake that a value shows by itself, in the order of the names."""
    found = [mistake for name in sorted(env) for mistake in _one(name, env[name])]
    told = {mistake.name for mistake in found if mistake.severe}
    # The service's own rules judge the mended value: a quoted URL is one mistake, not two.
    return found + [mistake for mistake in _by_settings(mended(env)) if mistake.name not in told]


def mended(env: Mapping[str, str]) -> dict[str, str]:
    """The values without stray blanks, newlines and quotes: what was meant."""
    return {name: _mend(value) for name, value in env.items()}


def _mend(value: str) -> str:
    text = value.replace("\\n", "").replace("\\r", "").strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'`":
        text = text[1:-1].strip()
    return text


def _one(name: str, value: str) -> Iterator[Mistake]:
    yield from _strays(name, value)
    text = _mend(value)
    if not text:
        if value or name in signing_secrets():
            yield Mistake(name, "set, but empty", _empty_advice(name), severe=name in signing_secrets())
        return
    if is_placeholder(name, text):
        yield Mistake(name, "a placeholder, not a value", FRESH if name in signing_secrets() else "set the real value")
    elif name in signing_secrets():
        yield from _weak(name, text)


def _strays(name: str, value: str) -> Iterator[Mistake]:
    if value.endswith(("\n", "\\n", "\\r", "\r")) or "%0A" in value[-3:].upper():
        yield Mistake(name, "ends in a newline", "paste the value again without its newline (`printf %s`, not `echo`)")
    elif value != value.strip():
        yield Mistake(name, "has blanks at its start or end", "remove the blanks")
    if any(char in value.strip() for char in "\n\t\0"):
        yield Mistake(name, "has a control character inside", "paste the value again")
    text = value.strip().removesuffix("\\n")
    if len(text) >= 2 and text[0] in "\"'`":
        yield Mistake(name, "has quotes pasted around it", "remove the quotes: Docker and most panels keep them")


def is_placeholder(name: str, text: str) -> bool:
    """Whether nobody has put the real value yet. Only secrets and URLs are looked at closely."""
    low = text.lower()
    if TEMPLATE.search(text) or low in {"undefined", "null", "none", "todo", "xxx"}:
        return True
    if "://" in low:
        return any(word in low for word in PLACEHOLDERS_IN_URLS)
    return is_secret(name) and any(word in low for word in PLACEHOLDERS)


def _weak(name: str, text: str) -> Iterator[Mistake]:
    if len(text) < SHORTEST_SECRET:
        yield Mistake(name, f"{len(text)} characters, fewer than {SHORTEST_SECRET}", FRESH)
    elif len(set(text)) < 10:
        yield Mistake(name, f"only {len(set(text))} different characters", FRESH)


def _empty_advice(name: str) -> str:
    if name == "CRON_SECRET":
        return f"an unset CRON_SECRET lets `Bearer undefined` in; {FRESH}"
    return FRESH if name in signing_secrets() else "give it a value, or remove the line"


def _by_settings(env: Mapping[str, str]) -> list[Mistake]:
    """What the service itself would say at its start, of the settings that are there."""
    try:
        Settings.read(env)
    except SettingsError as error:
        return [
            Mistake(name, what, _advice(name))
            for name, what in error.mistakes
            if env.get(name) and name not in DATABASE_URLS + REDIS_URLS
        ]
    return []


def _advice(name: str) -> str:
    field = declared().get(name)
    return f"{field.description}" if field and field.description else "see docs/settings.md"
