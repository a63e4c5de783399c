"""A pipeline, read in order: run a scenario, read exact samples, judge.

profile -> describe -> cast -> preflight -> crew (generator processes) + watch (the system, in the same window)
-> sample, quantile -> measure -> judge -> page. `session` is the conductor; `person` and `wire` run inside the
generator processes, under gevent, and import nothing that the conductor needs.
"""
