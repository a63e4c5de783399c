"""A pipeline, read in order: declared -> actual -> difference -> repair -> proof.

`declared` reads `sql/indexes`, `canonical` lets Postgres say what a declaration means, `actual` reads the
catalogue, `difference` judges (pure), `repair` plans statements (pure), `build` runs them, `proof` explains what
the service sends. `verify` and `create` walk the pipeline for the command line, readiness and the gate.
"""

from payaidctl.indexes.create import create
from payaidctl.indexes.verify import verify

__all__ = ["create", "verify"]
