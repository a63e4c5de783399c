"""Writes what is documentation of a registry: .env.example and docs/reference/{settings,commands,checks}.md.

    python -m payaidctl.reference           # write them
    python -m payaidctl.reference --check   # say which differ, exit 1

The definitions are the documentation; a test holds the files to them.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from payaid.settings import declared
from payaidctl import cli

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by `python -m payaidctl.reference` from the definitions themselves; edit those. -->"


def env_example() -> str:
    """Every setting with its meaning and default; only what is required stands without a `#`."""
    lines = [
        "# Settings of the service. `payaidctl check-env .env` judges a copy of this, in value and in effect.",
        "# Lines with a # show the default. No quotes, no blanks after a value; percent-encode passwords in URLs.",
    ]
    for group, fields in groupby(declared().items(), key=lambda item: _extra(item[1])["group"]):
        lines += ["", f"# -- {group} " + "-" * (110 - len(str(group)))]
        for name, field in fields:
            lines.append(f"# {field.description}")
            lines.append(f"{name}=" if _needed(name, field) else f"#{name}={default(field)}")
    return "\n".join(lines) + "\n"


def _needed(name: str, field: FieldInfo) -> bool:
    return field.is_required() or name == "DATABASE_URL"


def _extra(field: FieldInfo) -> Mapping[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def default(field: FieldInfo) -> str:
    """The default as it would stand in the environment."""
    value = field.default
    if value is None or field.is_required():
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def settings() -> str:
    """A table a group."""
    lines = [
        "# Settings",
        "",
        NOTE,
        "",
        "The service reads them from its environment; `payaidctl check-env` judges them.",
    ]
    for group, fields in groupby(declared().items(), key=lambda item: _extra(item[1])["group"]):
        lines += ["", f"## {str(group).capitalize()}", "", "| Name | Default | Meaning |", "|---|---|---|"]
        for name, field in fields:
            told = "required" if field.is_required() else f"`{default(field)}`" if default(field) else "unset"
            secret = " Secret." if _extra(field).get("secret") else ""
            lines.append(f"| `{name}` | {told} | {_cell(field.description or '')}{secret} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Each command with its help, options and examples."""
    lines = ["# Commands", "", NOTE, "", "Exit status: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive."]
    for name in cli.names():
        lines += ["", f"## payaidctl {name}", "", f"{cli.summary(name)}."]
        for words, command in leaves(name, cli.load(name)):
            if words != name:
                lines += ["", f"### payaidctl {words}"]
            lines += ["", *_help(command)]
    return "\n".join(lines) + "\n"


def leaves(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The command, or each word under it."""
    below = getattr(command, "commands", None)
    if not below:
        yield words, command
        return
    for name, child in below.items():
        yield from leaves(f"{words} {name}", child)


def _help(command: Any) -> list[str]:
    text, _, examples = (command.help or "").partition("\b")
    lines = [" ".join(text.split())]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    if options:
        lines += ["", "| Option | Meaning |", "|---|---|"]
        lines += [f"| `{', '.join(option.opts)}` | {_cell(option.help or '')} |" for option in options]
    shown = [line.strip() for line in examples.splitlines() if line.strip() and line.strip() != "Examples:"]
    return [*lines, "", "```sh", *shown, "```"] if shown else lines


def checks() -> str:
    """Each readiness check by area."""
    from payaidctl.readiness.catalogue import checks as every
    from payaidctl.readiness.check import in_profile

    lines = [
        "# Checks",
        "",
        NOTE,
        "",
        "`payaidctl explain ID` shows one; an operator's own lie in PAYAID_CONTENT/checks.",
    ]
    for area, found in groupby(every().values(), key=lambda check: check.area):
        lines += ["", f"## {area.capitalize()}"]
        for check in found:
            item = f", item {check.item} of the checklist" if check.item else ""
            lines += [
                "",
                f"### {check.id}",
                "",
                f"**{check.question}** ({check.severity}, weight {check.weight}{item})",
            ]
            lines += ["", " ".join(check.why.split()), "", f"Fix: {in_profile(check.fix, check.profiles[-1])}"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


FILES: dict[str, Callable[[], str]] = {
    ".env.example": env_example,
    "docs/reference/settings.md": settings,
    "docs/reference/commands.md": commands,
    "docs/reference/checks.md": checks,
}


def differing() -> list[str]:
    """The files that are not what the definitions say."""
    return [
        name
        for name, write in FILES.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != write()
    ]


def main(check: bool) -> int:
    """Write the files, or tell which differ."""
    stale = differing()
    for name in stale:
        sys.stderr.write(f"{name} {'differs from the definitions' if check else 'written'}\n")
        if not check:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(FILES[name](), encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
