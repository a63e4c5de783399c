"""A catalogue: one task a file. A task declares `POLICY` and `async def run(job)`; its file's name is its name."""

from functools import cache
from pkgutil import iter_modules


@cache
def names() -> frozenset[str]:
    """Every task's name, without importing any: a request that writes a job needs no more."""
    return frozenset(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
