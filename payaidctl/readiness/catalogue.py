"""Every check there is: ours from `checks/`, and an operator's own from PAYAID_CONTENT, which win by id."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from payaid.content import content, content_root
from payaidctl.errors import UsageError
from payaidctl.marked import Marked, read
from payaidctl.readiness.check import ITEMS, Check, load, wrong

CHECKLIST = "checks/checklist.yaml"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the owners' checklist."""

    number: int
    title: str
    done: str
    fix: str


@cache
def checks() -> dict[str, Check]:
    """Every check by id, in the order of area and name.

    Raises:
        UsageError: a file is no valid check, or an item of the checklist has none.
    """
    found: dict[str, Check] = {}
    for folder in _folders():
        for path in sorted(folder.glob("*/*.yaml")):
            check = load(path)
            found[check.id] = check
    empty = [str(number) for number in ITEMS if not any(check.item == number for check in found.values())]
    if empty:
        raise UsageError(f"no check answers for item {', '.join(empty)} of the checklist", "give one `item:`")
    return dict(sorted(found.items()))


def _folders() -> Iterable[Path]:
    yield content_root() / "checks"
    if own := os.environ.get("PAYAID_CONTENT"):
        yield Path(own) / "checks"


def check(identifier: str) -> Check:
    """One check by its id.

    Raises:
        UsageError: there is none, with the nearest names.
    """
    from difflib import get_close_matches

    known = checks()
    if identifier in known:
        return known[identifier]
    near = get_close_matches(identifier, known, n=3, cutoff=0.5)
    raise UsageError(f"no check `{identifier}`", f"did you mean {', '.join(near)}?" if near else "`payaidctl checks`")


@cache
def checklist() -> tuple[Item, ...]:
    """The eleven items, in their order."""
    raw = read(content(CHECKLIST))
    entries = raw.get("items")
    if not isinstance(entries, list) or [entry.get("number") for entry in entries] != list(ITEMS):
        wrong(raw, "items", "`items` is not the list of items 1 to 11", "keep their numbers and order")
    return tuple(_item(entry) for entry in entries)


def _item(entry: Marked) -> Item:
    wanted = ("number", "title", "done", "fix")
    for key in {*wanted} ^ {*entry}:
        wrong(entry, key, f"an item states {', '.join(wanted)}, and nothing else: `{key}`", "mend the item")
    return Item(entry["number"], entry["title"], entry["done"], entry["fix"])
