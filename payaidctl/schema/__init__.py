"""The schema's migrations, a pipeline: declared files -> the server we found -> a plan -> applied.

`migrate` and `status` are the doors; tests and the embedded stack call them with any direct URL.
"""

from payaidctl.schema.declared import Migration, declared
from payaidctl.schema.runner import Applied, State, Step, migrate, status
from payaidctl.schema.server import Server, look, require_ours

__all__ = [
    "Applied",
    "Migration",
    "Server",
    "State",
    "Step",
    "declared",
    "look",
    "migrate",
    "require_ours",
    "status",
]
