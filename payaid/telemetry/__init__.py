"""Interpreters of `observe`: the facts of the service as metrics, log lines, StatsD packets and traces.

A catalogue, one reader of facts a file. None of them may slow or fail a request.
"""
