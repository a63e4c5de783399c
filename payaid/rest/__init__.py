"""A pipeline, read in request order: routes -> request -> plan -> statement -> execute -> reply.

Each stage is a pure function of the one before; the effect (execute) comes last but one. Beside it: `writes` for
what changes things, `openapi` for what is offered, `auth` and `health` for what is no resource.
"""
