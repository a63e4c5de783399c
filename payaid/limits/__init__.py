"""How much a tenant, an address or an account may ask: fixed windows by Redis' clock, in one atomic step.

lua/debit.lua   the step: both windows and the leases, under one key
limiter         asks it, holds leases, and goes on with a local share when Redis is away
"""
