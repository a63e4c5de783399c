"""The embedded stack: a real one, on loopback. A pipeline, read in this order:

`layout account ports credentials binaries choices` (where, who, with what) -> `site` (all of that, one value) ->
`component` and its kinds (`postgres replica valkey cluster pooler service`) -> `supervise` (the daemon) -> `bring` (one
component up or down) -> `steps ascent` (all of them, side by side) -> `survey` (their state) -> `stack` (the door).
"""

from payaidctl.stack.component import ComponentState, Condition
from payaidctl.stack.stack import Stack

__all__ = ["ComponentState", "Condition", "Stack"]
