"""Ratios against a bare server, side by side in one run. Absolute figures of a shared machine are noise.

world     a stack of its own, with many enterprise tenants, so that nobody meets a limit
servers   the bare server and ours, each one process group that is started and ended here
wrk       the load: medians of interleaved pairs
raw       the same statement by psycopg alone
__main__  the list of what is measured, the table, the file
"""
