"""A catalogue: one report a file, named as its file with dashes. Each is a `Report` called REPORT."""

from importlib import import_module
from pkgutil import iter_modules

from payaid.jobs.documents.reports._report import Report


def names() -> list[str]:
    """Every report's name."""
    return sorted(module.name.replace("_", "-") for module in iter_modules(__path__) if module.name[0] != "_")


def find(name: str) -> type[Report]:
    """The report of this name.

    Raises:
        KeyError: there is none.
    """
    if name not in names():
        raise KeyError(name)
    report: type[Report] = import_module(f"{__name__}.{name.replace('-', '_')}").REPORT
    return report
