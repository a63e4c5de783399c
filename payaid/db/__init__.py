"""The databases. `servers` says what a primary and a replica can do; `routing` decides which one answers a read.

connection psycopg's, whose loss is always told as one
wire       the short way of a read
identity   who a server is, and WAL positions
patience   how long a server may be silent, and how to stop waiting at once
pool       connections, bounded, with a quick no
servers    Primary and Replica: two types, the second cannot write
poller     where each server is in the WAL, every 50 ms; and that a replica is one of ours
routing    reads: which server, and why
writing    a tenant's transaction, its changes and its stamp
"""
