"""The folder is the registry: every `scenarios/<name>.py` that defines a Person is a scenario of that name."""

import importlib.util
import sys
from pathlib import Path

from payaid.content import content
from payaidctl.load.person import Person, steps_of
from payaidctl.load.step import APART


class BadScenario(Exception):
    """A scenario file that cannot be used; the message names the file and why."""


def paths() -> dict[str, Path]:
    """Every scenario file by name."""
    return {path.stem: path for path in sorted(content("scenarios").glob("*.py")) if not path.stem.startswith("_")}


def load(name: str, path: Path) -> type[Person]:
    """Import one file and return the one Person that it defines.

    Raises:
        BadScenario: it cannot be imported, or defines no Person, or several.
    """
    module_name = f"payaid_scenario_{name}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise BadScenario(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadScenario(f"{path}: {type(error).__name__}: {error}") from error
    found = [
        value for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Person) and value.__module__ == module_name
    ]  # fmt: skip
    if len(found) != 1:
        raise BadScenario(f"{path}: defines {len(found)} subclasses of Person; a scenario is one")
    if not found[0].tasks:
        raise BadScenario(f"{path}: {found[0].__name__} has no @task")
    return found[0]


def load_all(names: list[str]) -> dict[str, type[Person]]:
    """The scenarios of these names, their steps numbered in the order given.

    Raises:
        BadScenario: an unknown name, or two steps of one name.
    """
    known = paths()
    people: dict[str, type[Person]] = {}
    owners: dict[str, str] = {}
    index = 0
    for name in names:
        if name not in known:
            raise BadScenario(f"there is no scenario `{name}`; there are {', '.join(known)}")
        people[name] = load(name, known[name])
        for step in steps_of(people[name]):
            if step.name in owners:
                raise BadScenario(f"{known[name]}: step `{step.name}` is also {owners[step.name]}'s; rename one")
            owners[step.name] = name
            step.index = index
            index += 1
    return people


def describe(names: list[str]) -> dict[str, object]:
    """What the conductor must know of the scenarios without importing them (they need gevent; it needs asyncio)."""
    people = load_all(names)
    return {
        "people": {
            name: {
                "class": person.__name__,
                "roles": list(person.roles),
                "modules": list(person.modules),
                "units": person.units,
                "turns": person.turns,
                "about": (person.__doc__ or "").strip().splitlines()[:1],
            }
            for name, person in people.items()
        },
        "steps": [
            {"name": step.name, "class": step.kind, "apart": step.kind in APART, "scenario": name}
            for name, person in people.items()
            for step in steps_of(person)
        ],
    }
