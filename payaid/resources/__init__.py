"""The content: what the API offers, one file a resource. The folder is the registry.

A module below defines `RESOURCE`, `SUMMARY`, or `ACTION` (a verb of no resource); nothing else has to be registered.
"""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from payaid.catalogue import Catalogue


@cache
def catalogue() -> Catalogue:
    """Every declaration in this folder."""
    modules = [import_module(found.name) for found in walk_packages(__path__, f"{__name__}.") if not found.ispkg]
    resources = [module.RESOURCE for module in modules if hasattr(module, "RESOURCE")]
    summaries = [module.SUMMARY for module in modules if hasattr(module, "SUMMARY")]
    actions = [module.ACTION for module in modules if hasattr(module, "ACTION")]
    return Catalogue(resources, summaries, actions)
