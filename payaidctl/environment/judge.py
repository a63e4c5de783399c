"""One finding a setting, of all the mistakes that were found in it."""

from collections.abc import Iterable, Mapping

from payaid.settings import declared
from payaidctl.environment import together, urls, values
from payaidctl.environment.names import Mistake, is_secret
from payaidctl.finding import Finding, Status


def mistakes(env: Mapping[str, str], *, from_file: bool) -> list[Mistake]:
    """Every mistake in a set of settings."""
    meant = values.mended(env)
    found = [*values.judge(env), *urls.judge(meant), *together.judge(meant)]
    return [*found, *together.unread(meant)] if from_file else found


def findings(env: Mapping[str, str], *, from_file: bool, prefix: str = "env") -> list[Finding]:
    """A finding for each setting that is set or has a mistake, in the order of the service's own list."""
    by_name: dict[str, list[Mistake]] = {}
    for mistake in mistakes(env, from_file=from_file):
        by_name.setdefault(mistake.name, []).append(mistake)
    order = list(declared())
    spoken_of = {name for name in env if name in declared() or from_file} | by_name.keys()
    ranked = sorted(spoken_of, key=lambda name: (order.index(name) if name in order else len(order), name))
    found = [_finding(f"{prefix}.{name}", name, env.get(name), by_name.get(name, [])) for name in ranked]
    return [*found, _defaults(env, prefix)]


def _finding(identifier: str, name: str, value: str | None, wrong: Iterable[Mistake]) -> Finding:
    wrong = list({mistake.what: mistake for mistake in wrong}.values())
    field = declared().get(name)
    title = (field.description or name) if field else name
    if not wrong:
        return Finding(identifier, Status.PASS, title, shape(name, value), "present and well-formed")
    severe = any(mistake.severe for mistake in wrong)
    return Finding(
        identifier,
        Status.FAIL if severe else Status.WARN,
        title,
        "; ".join(mistake.what for mistake in wrong),
        "present and well-formed",
        advice="; ".join(dict.fromkeys(mistake.fix for mistake in wrong)),
    )


def shape(name: str, value: str | None) -> str:
    """What may be told of a value: that it is there, and how long a secret is."""
    if not value:
        return "empty: its default holds" if value == "" else "not set"
    if is_secret(name) and "://" not in value:
        return f"set, {len(value)} characters"
    return "set"


def _defaults(env: Mapping[str, str], prefix: str) -> Finding:
    unset = [name for name, field in declared().items() if not env.get(name) and not field.is_required()]
    observed = f"{len(unset)} of {len(declared())} settings take their default"
    return Finding(f"{prefix}.defaults", Status.PASS, "Which settings are left alone?", observed, "", {"names": unset})
