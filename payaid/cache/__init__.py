"""What is kept, where, and how long it is believed. The protocol is in `stamps`, written down and alone.

stamps   what this process knows of WAL positions, and what an entry must be covered to
ear      feeds stamps: listens to change notices, reads positions
entry    one kept answer; policy the classes and their lives; keys the names
composed an answer of parts, kept part by part
local    L1, bounded in bytes; L2 is Redis (payaid.kv)
store    read-through over both, single-flight; warm fills ahead
"""
