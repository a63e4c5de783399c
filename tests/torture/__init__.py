"""Proof under fault: many clients write and read while servers are killed, cut off, frozen and held back.

A pipeline, read in this order: `history` (what was done and seen) -> `judge` (pure: what of it is impossible) ->
`generator` (seeded: what is done next) -> `clients`, `writers` (do it, through the API and beside it) -> `faults` ->
`run` (all of them at once) -> `figures` (counts, and the table) -> `__main__` (`make torture`).
"""
